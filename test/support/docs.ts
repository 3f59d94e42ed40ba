import { readFile } from 'node:fs/promises';

/** The blocks of JavaScript under a heading of a page of the docs, in their order: what a test runs is what the page shows. */
export async function codeUnder(page: string, heading: string): Promise<string[]> {
  const text = await readFile(new URL(`../../docs/${page}`, import.meta.url), 'utf8');
  const [, section] = text.split(`\n## ${heading}\n`);
  if (section === undefined) throw new Error(`there's no "${heading}" in ${page}`);
  return [...section.split('\n## ')[0]!.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code!);
}
