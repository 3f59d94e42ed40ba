import type { EntryInfo, Settlement } from '../../../client/index.js';
import { fetchReports, write, type WriteResult } from './api.js';
import { applyAnswer, book, isOf, keepBook, readAgain, reportOf } from './book.js';
import { isAlive } from './session.js';
import { connected, freshen, look, onLook, worker } from './sync.js';
import type { Change, Report, RowState } from './types.js';

const listeners = new Set<() => void>();
export const onBook = (listener: () => void): void => void listeners.add(listener);

export function bookChanged(): void {
  keepBook();
  for (const listener of listeners) listener();
}

/** Makes a change: it's on the page at once, whatever the network does. */
export async function change(wanted: Change, photo: Blob | null = null): Promise<WriteResult> {
  await connected.catch(() => {});
  book.changes.set(wanted.id, wanted);
  book.inFlight.add(wanted.id);
  bookChanged();
  const result = await write(wanted, photo);
  book.inFlight.delete(wanted.id);
  if (result.kind === 'delivered') {
    await Promise.all(endsOf(wanted));
    applyAnswer(wanted, result.report);
  } else if (result.kind !== 'queued') book.changes.delete(wanted.id);
  await look();
  bookChanged();
  return result;
}

/** Gives true when the server gave its list. */
export async function refresh(): Promise<boolean> {
  await freshen().catch(() => {});
  let reports: Report[] | null;
  let applied: number;
  do {
    applied = book.applied;
    reports = isAlive() ? await fetchReports() : null;
    if (!reports) return false;
    // A list from before an answer would undo what the answer has shown.
  } while (applied !== book.applied);
  book.reports = new Map(reports.map((report) => [report.id, report]));
  book.fetchedAt = Date.now();
  bookChanged();
  return true;
}

const asking = new Map<string, { report: string; end: Promise<void> }>();

/** The ends of the same report's changes that the worker is being asked for: their answers are older. */
const endsOf = (change: Change): Promise<void>[] => [...asking.values()].filter(({ report }) => report === reportOf(change)).map(({ end }) => end);

/** A change that isn't in the outbox any more has an end, and the worker knows it for a day. */
async function findEnd(ended: Change, olderEnds: readonly Promise<void>[]): Promise<void> {
  try {
    const sync = await connected;
    const settlement = await sync.settled(ended.id);
    await Promise.all(olderEnds);
    if (settlement.state === 'delivered') applyAnswer(ended, reportIn(settlement));
    // A dead letter has an end too, and may still be tried again.
    else if (!(await sync.entry(ended.id))) book.changes.delete(ended.id);
  } catch {
    book.changes.delete(ended.id);
  } finally {
    asking.delete(ended.id);
    bookChanged();
  }
}

onLook(() => {
  const waiting = new Set(worker.entries.map((entry) => entry.id));
  for (const one of book.changes.values()) {
    if (!waiting.has(one.id) && !book.inFlight.has(one.id) && !asking.has(one.id)) asking.set(one.id, { report: reportOf(one), end: findEnd(one, endsOf(one)) });
  }
});

addEventListener('storage', (event) => {
  if (!readAgain(event)) return;
  for (const listener of listeners) listener();
});

function reportIn({ body }: Settlement): Report | null {
  try {
    return body && (JSON.parse(new TextDecoder().decode(body)) as Report);
  } catch {
    return null;
  }
}

/** A line of the report list: a report of the server's, or one that hasn't come there yet. */
export interface Row {
  key: string;
  report: Report;
  state: RowState;
  entry: EntryInfo | null;
  /** The server doesn't have it yet. */
  isNew: boolean;
  removing: boolean;
  thumb: string | null;
}

export function rows(): Row[] {
  const changes = [...book.changes.values()];
  const refs = new Set([...book.reports.values()].map((report) => report.ref));
  const fresh = changes.filter((one) => one.kind === 'create' && !refs.has(one.id));
  return [
    ...[...book.reports.values()].map((report) => rowOf(report, changes, null)),
    ...fresh.map((one) => rowOf((one as Change & { kind: 'create' }).report, changes, one)),
  ].sort((a, b) => b.report.writtenAt - a.report.writtenAt);
}

function rowOf(report: Report, changes: readonly Change[], fresh: Change | null): Row {
  const about = changes.filter((one) => isOf(one, report));
  const last = about.at(-1);
  const entries = worker.entries.filter((one) => about.some(({ id }) => id === one.id));
  // What comes after a dead letter goes nowhere either.
  const entry = entries.find((one) => one.state === 'dead') ?? entries.at(-1) ?? null;
  const done = about.findLast((one) => one.kind === 'done')?.done ?? report.done;
  return {
    key: report.ref ?? report.id,
    report: { ...report, done },
    state: last ? rowState(entry, about.some(({ id }) => book.inFlight.has(id)), fresh !== null) : 'delivered',
    entry,
    isNew: fresh !== null,
    removing: last?.kind === 'remove',
    thumb: fresh?.kind === 'create' ? fresh.thumb : null,
  };
}

function rowState(entry: EntryInfo | null, inFlight: boolean, isNew: boolean): RowState {
  if (entry) return ENTRY_STATES[entry.state];
  // Neither flying nor listed: it has just ended, and the page is about to hear how.
  return inFlight || isNew ? 'sending' : 'delivered';
}

export const ENTRY_STATES: Record<EntryInfo['state'], RowState> = {
  pending: 'waiting',
  paused: 'waiting',
  sending: 'sending',
  held: 'held',
  parked: 'held',
  orphaned: 'held',
  dead: 'dead',
};
