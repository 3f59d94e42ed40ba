import { turnOf, UNTRIED } from '../../sw/policy/entry-record.js';
import { joinKey } from '../../sw/protocol/ids.js';
import type { SyncEvent } from '../../sw/protocol/events.js';
import { FETCH_DEFAULTS } from '../support/records.js';
import type { Process } from './agenda.js';
import { bodyOf } from './bodies.js';
import type { DatabaseDeed } from './deeds/database.js';
import type { Connection } from './disk/connections.js';
import type { Disk } from './disk/disk.js';
import { Transaction } from './disk/transaction.js';
import { ORIGIN } from './setup.js';
import type { World } from './world.js';

/** The stores as the first version of the product made them. */
function makeFirstVersion(disk: Disk): void {
  const make = (name: string, options: Parameters<Disk['createTable']>[1], indexes: Record<string, string | string[]> = {}) => {
    const table = disk.createTable(name, options);
    for (const [index, path] of Object.entries(indexes)) table.indexes.set(index, path);
  };
  make('entries', { keyPath: 'seq', autoIncrement: true }, { turn: 'turn', standing: ['backend', 'state'], id: 'id', key: 'key' });
  make('settlements', { keyPath: 'seq' }, { id: 'id', key: 'key', at: 'at' });
  make('backends', { keyPath: 'key' });
  make('journal', { autoIncrement: true });
  for (const name of ['bodies', 'settings', 'checkpoints']) make(name, {});
  disk.version = 1;
}

/** An entry that the first version has stored, for a page that's long gone. */
export function leave({ agenda, disk, history, now }: World, { op, user, agoMs }: Extract<DatabaseDeed, { do: 'leave' }>): void {
  if (disk.version === 0) makeFirstVersion(disk);
  const entries = disk.tables.get('entries')!;
  const seq = entries.nextKey++;
  const baseUrl = `${ORIGIN}/${op.backend}`;
  const backend = joinKey('', baseUrl);
  const at = now() - agoMs;
  const { body, type } = bodyOf(op);
  const bytes = new TextEncoder().encode(body).buffer;
  const id = `old-${op.id}`;
  const { asked: _, ...untried } = UNTRIED;
  const entry = {
    ...untried,
    seq,
    id,
    key: joinKey('', baseUrl, id),
    backend,
    baseUrl,
    namespace: '',
    lane: op.lane ?? 'default',
    owner: user,
    scheme: 'Bearer',
    state: 'pending',
    reason: 'unreachable',
    since: at,
    capturedAt: at,
    sentAt: at,
    notBefore: at,
    idempotencyKey: `"${id}"`,
    request: {
      url: `${baseUrl}/notes/${op.id}`,
      method: 'POST',
      headers: { 'content-type': type },
      ...FETCH_DEFAULTS,
    },
    bodySize: bytes.byteLength,
    writer: null,
  };
  entries.put(seq, { ...entry, turn: turnOf({ ...entry, session: false }) });
  disk.tables.get('bodies')!.put(seq, bytes);
  const order = history.next();
  const since = agenda.now - agoMs;
  history.posts.set(op.id, {
    op,
    page: 'first version',
    condition: null,
    user,
    calledAt: since,
    order,
    heard: { kind: 'queued', status: 202, op: NaN, at: since, order },
    givenAt: Infinity,
    isLeft: true,
    diedBare: false,
    deaths: 0,
    said: 0,
    isSettled: true,
    isPassed: false,
  });
  history.stored.set(op.id, { order, seq, lane: entry.lane, owner: entry.owner ?? null, tookPlace: false, by: 'first version' });
  history.told.set(op.id, [{ event: { type: 'queued' } as SyncEvent, at: since, order: history.next() }]);
}

/** All connections to all databases, at once, or over the next transaction or commit. */
export function lose({ disk, oldQueue }: World, { error, over }: Extract<DatabaseDeed, { do: 'lose' }>): void {
  for (const { connections, faults } of [disk, oldQueue]) {
    if (over === null) connections.loseAll(error);
    else faults.lost = { over, error };
  }
}

/** Somebody beside the product's workers who has the database open: an old tab, or a newer worker. */
class Stranger implements Process {
  isAlive = true;
  readonly connection: Connection = { process: this, isClosing: false, underWay: 0, madeWayFor: 0, blocking: () => {}, terminated: () => {} };

  constructor(
    readonly world: World,
    readonly name: string,
    forMs: number,
  ) {
    world.strangers.add(this);
    world.agenda.in(forMs, null, () => this.die());
  }

  /** @param version undefined: whichever there is */
  open(version?: number): void {
    const { disk, history } = this.world;
    const trace = (what: string) => history.trace(() => `${this.name} ${what}`);
    disk.connections.open({
      connection: this.connection,
      version,
      upgrade: () => {
        trace('upgrades the database');
        const transaction = new Transaction(disk, this.connection, new Set(disk.tables.keys()), 'versionchange', () => {});
        transaction.isEndless = true;
        disk.begin(transaction);
        return transaction;
      },
      blocked: () => {},
      opened: () => trace('has the database open'),
      failed: () => trace("doesn't get at the database"),
    });
  }

  die(): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    this.world.history.trace(() => `${this.name} is gone`);
    this.world.strangers.delete(this);
    this.world.disk.died(this);
  }
}

export type { Stranger };

export function hold(world: World, { forMs }: Extract<DatabaseDeed, { do: 'hold' }>): void {
  if (world.disk.version > 0) new Stranger(world, 'an old tab', forMs).open();
}

export function upgrade(world: World, { forMs }: Extract<DatabaseDeed, { do: 'upgrade' }>): void {
  if (world.disk.version > 0) new Stranger(world, 'an upgrade', forMs).open(world.disk.version + 1);
}
