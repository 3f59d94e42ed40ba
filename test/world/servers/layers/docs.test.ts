import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { titled } from '../table.js';
import { CASES, endOf, LAYERS, type Answered, type Case, type Row } from './table.js';

const PAGE = fileURLToPath(new URL('../../../../docs/exactly-once.md', import.meta.url));
const CORNER = 'the first request';

/** The layers that the page shows: of the example the first setup, as the others answer the same or say 409 in place of waiting. */
const shown = LAYERS.filter(({ packages: [first] }, n) => n === 0 || first !== 'hono');

function answerOf({ status, marks, waits }: Answered): string {
  if (waits) return `waits, ${status}`;
  if (Object.keys(marks).some((name) => /-replay(ed)?$/.test(name))) return `${status}, kept`;
  if ('retry-after' in marks) return `${status}, \`Retry-After\``;
  return status === 409 && 'idempotency-key' in marks ? '409, with the key' : String(status);
}

function courseOf(answers: Row['answers'], name: Case): string {
  const { right } = answers[name];
  const end = endOf(answers, name);
  if (right === 'sent under a fresh key') return 'delivered under a fresh key';
  return right === end ? end : `${right}, ${end}`;
}

function table(): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  const names = shown.map(({ packages: [first] }, n) => (n === 0 ? 'the example' : titled([first!])));
  const rows = CASES.map((name) => line([name, ...shown.map(({ answers }) => `${answerOf(answers[name])}: ${courseOf(answers, name)}`)]));
  return [line([CORNER, ...names]), `|${'---|'.repeat(names.length + 1)}`, ...rows].join('\n');
}

test('E8 the docs say what each layer answers, and what becomes of the write (vitest -u writes it)', async () => {
  const page = await readFile(PAGE, 'utf8');
  await expect(page.replace(new RegExp(`^\\| ${CORNER}[^]*?(?=\\n\\n)`, 'm'), table)).toMatchFileSnapshot(PAGE);
});
