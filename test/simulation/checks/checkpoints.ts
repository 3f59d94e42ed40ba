import type { BackendRecord } from '../../../sw/policy/backend-record.js';
import type { EtagNote } from '../../../sw/policy/etags.js';
import { formerUser } from '../../../sw/policy/session.js';
import { callName } from '../../../sw/protocol/comlink.js';
import type { Process } from '../agenda.js';
import type { Page } from '../browser/page.js';
import { Worker } from '../browser/worker.js';
import type { World } from '../world.js';

/** A call that sets a checkpoint, or clears it with null, as its page knows of it. */
interface Setting {
  page: Page;
  name: string;
  key: string;
  value: string | null;
  order: number;
  /** When it was asked for, in milliseconds since the epoch. */
  at: number;
  /** Whether it may still be carried out: it has no answer, or an error for one. */
  isOpen: boolean;
}

/** Looks at what becomes of the streams' checkpoints on disk. */
export function watchCheckpoints(world: World): void {
  const { browser, disk, history, posted, replied } = world;
  const settings: Setting[] = [];
  const byCall = new Map<string, Setting>();
  /** When each key got the value that it has, or had, by key and value. */
  const written = new Map<string, number>();
  const recordOf = (key: string) => disk.all<BackendRecord>('backends').find((record) => key.startsWith(`${record.key}|`));
  const nameOf = (key: string, value: string | null) => JSON.stringify([key, value]);

  world.posted = (page, call) => {
    posted(page, call);
    const name = callName(call);
    if ((name !== 'saveCheckpoint' && name !== 'clearCheckpoint') || byCall.has(call.id)) return;
    const [key, value = null] = (call.argumentList ?? []).map((argument) => argument.value as string);
    const setting = { page, name, key: key!, value, order: history.next(), at: Math.floor(world.now()), isOpen: true };
    settings.push(setting);
    byCall.set(call.id, setting);
    history.trace(() => `${name} ${taskOf(key!)} ${value}`);
  };

  world.replied = (page, answer) => {
    replied(page, answer);
    const setting = byCall.get(answer.id);
    if (!setting?.isOpen || answer.type !== 'RAW') return;
    const { name, key, value, order, at } = setting;
    setting.isOpen = false;
    history.trace(() => `${name} ${taskOf(key)} ${value}: done`);
    // What comes to the worker after another user, or after a sign-out that came later, is left out: at worst its events come twice.
    const { seen = [], outAt = 0 } = recordOf(key) ?? {};
    if (name === 'saveCheckpoint' && (outAt > at || formerUser(seen, at, world.now()) !== undefined)) return;
    // What's said to be saved was, since it was asked for. Nothing was there to be cleared: that's no write.
    const isThere = (disk.get('checkpoints', key) ?? null) === value || (written.get(nameOf(key, value)) ?? 0) > order;
    if (!isThere) history.violated('saved checkpoints are there', `${page.name} was told that ${taskOf(key)} is at ${value}`);
  };

  disk.onCommit.push(({ changes, process }) => {
    for (const { store, key, before = null, after = null } of changes) {
      if (store !== 'checkpoints') continue;
      const [name, value] = [String(key), after as string | null];
      written.set(nameOf(name, value), history.next());
      if (before === value || isDue(name, value)) continue;
      const newer = settings.find((one) => one.key === name && one.value === before && isLaterOfItsPage(one, value));
      const check = isReplaced(process) ? 'a replaced worker sets no checkpoint back' : 'no checkpoint gives way to an earlier one';
      if (newer) history.violated(check, `${process.name} writes ${taskOf(name)} ${value} over ${String(before)}, which ${newer.page.name} was told of`);
    }
  });

  /** What a delivery leaves of its version comes while its entry is there: whatever has taken the entry before, a purge or a cancel, has taken that, too. */
  disk.onCommit.push(({ changes }) => {
    if (disk.hasFailed) return;
    for (const { store, key, after } of changes) {
      if (store !== 'checkpoints' || after === undefined || !String(key).includes('|etag ')) continue;
      const { seq } = JSON.parse(after as string) as EtagNote;
      const isThere = disk.get('entries', seq) !== undefined || changes.some((change) => change.store === 'entries' && change.key === seq);
      if (!isThere) history.violated("a purge takes its user's checkpoints", `${taskOf(String(key))} is written, and entry ${seq} isn't there any more`);
    }
  });

  /** What a page asked for before a purge isn't written after it: its worker may have died over it, and it's asked for again. */
  disk.onCommit.push(({ changes }) => {
    for (const { store, key, after } of changes) {
      if (store !== 'checkpoints' || after === undefined || String(key).includes('|etag ')) continue;
      const { outAt = 0 } = recordOf(String(key)) ?? {};
      const last = history.calls.findLast(({ name, answeredOrder }) => (name === 'purge' || name === 'signOut') && answeredOrder !== undefined);
      const asked = settings.filter((one) => one.key === key && one.value === after);
      if (last?.name === 'purge' && !(last.result instanceof Error) && asked.length > 0 && asked.every(({ at, order }) => order < last.order && at < outAt))
        history.violated("a purge takes its user's checkpoints", `${taskOf(String(key))} ${after as string} is written, which was asked for before`);
    }
  });

  const isReplaced = (process: Process) => process instanceof Worker && process.version < browser.active;

  /** Whether somebody waits for it to be so. */
  const isDue = (key: string, value: string | null): boolean =>
    settings.some((one) => one.isOpen && one.key === key && one.value === value) ||
    (value === null && history.calls.some((call) => call.name === 'purge' && (call.answeredOrder === undefined || call.result instanceof Error)));

  /** Whether its page has asked for it since it had the answer to this value, and has an answer to that, too. What another tab has written counts by its own pace. */
  const isLaterOfItsPage = (newer: Setting, value: string | null): boolean => {
    const older = settings.findLast((one) => one.key === newer.key && one.value === value);
    return !newer.isOpen && older !== undefined && older.page === newer.page && older.order < newer.order;
  };

  /** What was on disk when a purge was called is gone when that's answered, or has been written anew. A row without an order is of a write that isn't committed. */
  const answered = world.answered;
  world.answered = (call) => {
    answered(call);
    if (call.name !== 'purge' || call.result instanceof Error) return;
    for (const [key, value] of disk.tables.get('checkpoints')?.rows(null).map((row) => [String(row.key), row.value as string] as const) ?? []) {
      const isLate = settings.some((one) => one.key === key && one.value === value && (one.isOpen || one.order > call.order)) || (written.get(nameOf(key, value)) ?? Infinity) > call.order;
      if (!isLate) history.violated("a purge takes its user's checkpoints", `${taskOf(key)} is still at ${value}`);
    }
  };
}

const taskOf = (key: string): string => key.slice(key.lastIndexOf('|') + 1);
