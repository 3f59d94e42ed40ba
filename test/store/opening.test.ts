import { expect, test, vi } from 'vitest';
import { openConnection } from '../../sw/store/connection.js';
import { settle, virtualClock } from '../support/virtual-clock.js';

interface Opening {
  blocked(): void;
  opened(): void;
}

const openings = vi.hoisted((): Opening[] => []);

vi.mock('idb', () => ({
  openDB: (_name: string, _version: number, { blocked }: { blocked(): void }) =>
    new Promise<unknown>((resolve) => openings.push({ blocked, opened: () => resolve({}) })),
}));

function connect() {
  openings.length = 0;
  const clock = virtualClock();
  const connection = openConnection({ name: 'holdfast', clock, makeRoom: async () => {} });
  const log: string[] = [];
  const read = (who: string) =>
    void connection.read(async () => {}).then(
      () => log.push(`${clock.now()} ${who} has read`),
      ({ name }: Error) => log.push(`${clock.now()} ${who} ${name}`),
    );
  return { clock, log, read };
}

test('D3 E7 an opening of up to ten seconds is waited for, as on a slow device', async () => {
  const { clock, log, read } = connect();
  read('a');
  await clock.advance(9_900);
  read('b');
  openings[0]!.opened();
  await clock.advance(10_000);
  expect([log, openings.length]).toEqual([['9900 a has read', '9900 b has read'], 1]);
});

test('D3 C11 an opening of over ten seconds fails for whoever waits, and counts when it comes', async () => {
  const { clock, log, read } = connect();
  read('a');
  await clock.advance(9_000);
  read('b');
  await clock.advance(2_000);
  read('c');
  await settle();
  openings[0]!.opened();
  await settle();
  read('d');
  await settle();
  expect(log).toEqual(['10000 a BlockedError', '10000 b BlockedError', '11000 c BlockedError', '11000 d has read']);
});

test('D3 C11 an opening that another connection blocks fails after two seconds, and counts when it comes', async () => {
  const { clock, log, read } = connect();
  read('a');
  await clock.advance(100);
  openings[0]!.blocked();
  await clock.advance(3_000);
  read('b');
  await settle();
  openings[0]!.opened();
  await settle();
  read('c');
  await settle();
  expect(log).toEqual(['2100 a BlockedError', '3100 b BlockedError', '3100 c has read']);
});
