import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { findPostgres, startPostgres, type Postgres } from '../../../support/postgres.js';
import { killTeller, startExample, type Example } from './example.js';

const OPENING_MS = 90_000;
const TEST_MS = 120_000;
/** Node's cluster never closes a connection that it was handing to a process when that was killed. */
const PATIENCE_MS = 5_000;
const WORK_MS = 40;
const WRITES = 25;
/** A process is killed in the midst of each fifth write. */
const KILLED = 5;

const bin = findPostgres();

// That there's no Postgres is said by layers.test.ts.
describe.skipIf(bin === null)('demo/examples/04-exactly-once, two processes over Postgres', () => {
  let postgres: Postgres;
  let example: Example;
  beforeAll(async () => {
    postgres = await startPostgres(bin!);
    example = await startExample({ DATABASE_URL: postgres.url, WORK_MS: String(WORK_MS) });
  }, OPENING_MS);
  afterAll(async () => {
    await example?.stop();
    await postgres?.stop();
  });

  /** Sends a write until it's answered with success, by up to three requests at once, as impatient clients do. */
  async function write(text: string): Promise<string> {
    const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': `"${text}"` };
    const attempt = () =>
      fetch(`${example.origin}/api/notes`, { method: 'POST', headers, body: JSON.stringify({ text }), signal: AbortSignal.timeout(PATIENCE_MS) })
        .then(async (response) => (response.ok ? await response.text() : null))
        .catch(() => null);
    for (;;) {
      const answers = await Promise.all([attempt(), attempt(), attempt()]);
      const told = new Set(answers.filter((answer) => answer !== null));
      expect(told.size).toBeLessThanOrEqual(1);
      for (const answer of told) return answer;
      await sleep(WORK_MS);
    }
  }

  test(
    'E8 each write has one effect and one mail, though processes are killed in the midst of writes',
    async () => {
      const mailed = new Set<string>();
      const texts = Array.from({ length: WRITES }, (_, n) => `note ${String(n).padStart(2, '0')}.`);
      const killed: string[] = [];
      const answers: string[] = [];
      for (const [n, text] of texts.entries()) {
        if (n % KILLED === 0) {
          void example.hears(` writes ${text}`).then((line) => {
            killed.push(text);
            killTeller(line);
          });
        }
        answers.push(await write(text));
      }
      expect(killed).toHaveLength(WRITES / KILLED);
      expect(new Set(answers).size).toBe(WRITES);
      expect(await (await fetch(`${example.origin}/api/notes`)).json()).toEqual(texts);
      const mails = () => example.said.filter((line) => line.includes(' mails ')).map((line) => line.split(' mails ')[1]!);
      await expect.poll(() => new Set(mails()).size, { timeout: 20_000 }).toBe(WRITES);
      for (const mail of mails()) mailed.add(mail.split(': ')[2]!);
      expect([...mailed].toSorted()).toEqual(texts);
    },
    TEST_MS,
  );
});
