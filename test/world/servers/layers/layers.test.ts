import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPostgres, startPostgres, type Postgres } from '../../../support/postgres.js';
import { titled } from '../table.js';
import { ask, askOverLostConnection, askTenTimes } from './contract.js';
import { openPostgres } from './exactly-once.js';
import type { Layer } from './layer.js';
import { CASES, endOf, LAYERS, type Right } from './table.js';
import { play } from './worker.js';

/** A database is made within this. */
const OPENING_MS = 90_000;

/** The behaviour that a client needs for what's right. */
const BEHAVIOURS: Record<Right, string> = {
  delivered: 'E8',
  'asked again': 'E2',
  retried: 'R2',
  'sent under a fresh key': 'E4',
  'in doubt': 'E5',
  refused: 'A3',
};

const bin = findPostgres();
if (bin === null) console.warn('There is no Postgres here (Debian: postgresql), so what needs it is skipped');

let postgres: Postgres | null = null;
beforeAll(async () => {
  postgres = bin === null ? null : await startPostgres(bin);
}, OPENING_MS);
afterAll(() => postgres?.stop());

describe.each(LAYERS.map((row) => [titled(row.packages, row.setup), row] as const))('%s', (_title, { open, needs, answers }) => {
  describe.skipIf(needs === 'postgres' && bin === null)('answers a second request under a key', () => {
    let layer: Layer;
    beforeAll(async () => {
      layer = await open(postgres?.url ?? '');
    }, OPENING_MS);
    afterAll(() => layer?.close?.());

    test.each(CASES.map((name) => [BEHAVIOURS[answers[name].right], name, answers[name]] as const))(
      '%s whose first one was %s',
      async (_behaviour, name, { right: _right, ...expected }) => {
        expect(await ask(layer, name, expected)).toEqual(expected);
      },
    );

    test.each(CASES.map((name) => [BEHAVIOURS[answers[name].right], name, answers[name]] as const))(
      '%s to a worker whose first request was %s',
      async (_behaviour, name, expected) => {
        const end = endOf(answers, name);
        const { right, runs } = expected;
        expect(await play(layer, name, expected)).toEqual({ right, end, runs: end === 'delivered' ? 1 : runs });
      },
    );

    test('E8 at the same moment as nine others, with one effect', async () => {
      expect(await askTenTimes(layer)).toBe(1);
    });
  });
});

test.skipIf(bin === null)('E8 a write of the example whose connection to Postgres is lost is answered with 500, and done by the next attempt', async () => {
  const layer = openPostgres(postgres!.url);
  expect(await askOverLostConnection(layer)).toEqual({ statuses: [500, 201], runs: 2 });
  await layer.close?.();
});
