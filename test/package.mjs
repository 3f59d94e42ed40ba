/** What `npm publish` would send, looked at as its users' tools do: publint, are-the-types-wrong, and what's in it. */
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const run = (program, ...args) => spawnSync(program, args, { cwd: root, encoding: 'utf8' });

/** What may be in it, beside what `exports` names. */
const EXPECTED = [
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|CONTRIBUTING\.md)$/,
  /^(demo\/demo\.png|demo\/examples\/(?!.*node_modules).+|test\/BEHAVIOURS\.md|test\/(bench|herd|world\/notes)\/README\.md)$/,
  /^docs\/[\w-]+\.md$/,
  /^dist\/[\w-]+\.js(\.map)?$/,
  /^dist\/types\/(client|node|sw)\/.+\.d\.ts$/,
  /^dist\/devtools-extension\/[\w./-]+$/,
];

export async function checkPackage() {
  const results = [];
  const tool = (name, ...args) => {
    const { status, stdout, stderr } = run(`node_modules/.bin/${name}`, ...args);
    if (status !== 0) console.error(stdout, stderr);
    results.push({ passed: status === 0, line: `${name}${status === 0 ? ' has nothing to say' : ' finds faults'}` });
  };
  tool('publint', '--strict');
  // Modules only: `require` of a service worker's or a page's code makes no sense.
  tool('attw', '--pack', '.', '--profile', 'esm-only');

  const [{ files, size }] = JSON.parse(run('npm', 'pack', '--dry-run', '--json', '--ignore-scripts').stdout);
  const paths = files.map(({ path }) => path);
  const strange = paths.filter((path) => !EXPECTED.some((form) => form.test(path)));
  results.push({ passed: strange.length === 0, line: `the package holds ${paths.length} files, ${size} bytes${strange.length > 0 ? `, and these don't belong there: ${strange.join(', ')}` : ''}` });

  const { exports } = JSON.parse(await readFile(`${root}/package.json`, 'utf8'));
  const named = Object.values(exports).flatMap((target) => Object.values(typeof target === 'string' ? { target } : target)).filter((path) => !path.includes('*'));
  const missing = named.map((path) => path.replace('./', '')).filter((path) => !paths.includes(path));
  results.push({ passed: missing.length === 0, line: `all that its exports name is in it${missing.length > 0 ? `, but for ${missing.join(', ')}` : ''}` });

  const astray = [];
  for (const page of paths.filter((path) => /^(README|docs\/[\w-]+)\.md$/.test(path))) {
    const text = await readFile(`${root}/${page}`, 'utf8');
    for (const [, link] of text.matchAll(/(?:\]\(|(?:src|href)=")(?!\w+:|\/|#)([^)"\s#]+)/g)) {
      const target = join(dirname(page), link);
      if (!paths.some((path) => path === target || path.startsWith(`${target}/`))) astray.push(`${page} → ${link}`);
    }
  }
  results.push({ passed: astray.length === 0, line: `W12 what README and docs link to is in it${astray.length > 0 ? `, but for ${astray.join(', ')}` : ''}` });

  const telling = [];
  for (const path of paths) if ((await readFile(`${root}/${path}`, 'utf8')).includes(root)) telling.push(path);
  results.push({ passed: telling.length === 0, line: `no file tells where it was built${telling.length > 0 ? `, but for ${telling.join(', ')}` : ''}` });
  return results;
}
