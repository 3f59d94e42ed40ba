import type { Row, Sees } from './row.js';

/** What the app sees, as the docs and the tests' titles say it. */
export const SEEN: Record<Sees, string> = {
  queued: 'success, by the 202',
  waits: 'the server’s own answer, once it’s there',
  unchanged: 'nothing changes on the screen',
  error: 'the error that there is without a worker; nothing is kept',
  retries: 'nothing is kept; the library itself tries again, and succeeds',
};

/** The table of the docs, as the tests have found it. */
export function docsTable(rows: readonly Row[], versionOf: (row: Row) => string): string {
  const lines = rows.map((row) => `| ${row.client} ${versionOf(row)} | ${row.does} | ${SEEN[row.sees]}${row.note ? `. ${row.note}` : ''} |`);
  return ['| library | the app | what it sees with the server down |', '|---|---|---|', ...lines].join('\n').replaceAll('’', "'");
}
