import type { SyncEvent } from '../../../client/index.js';
import { book } from './book.js';
import { byId, make, setData, showRows } from './dom.js';
import { connected, onSyncEvent } from './sync.js';
import { clockTime, reasonWords } from './words.js';

const KEPT = 100;
let events: { n: number; event: SyncEvent }[] = [];
let n = 0;

const STATES: Partial<Record<SyncEvent['type'], string>> = {
  queued: 'waiting',
  retrying: 'waiting',
  coalesced: 'waiting',
  sending: 'sending',
  delivered: 'delivered',
  resolved: 'delivered',
  released: 'delivered',
  failed: 'dead',
  'outbox-full': 'dead',
  'storage-failed': 'dead',
  held: 'held',
  parked: 'held',
  'auth-required': 'held',
};

/** The journal's past is read when somebody opens it; from then on it's kept up by the events. */
export function startJournal(): void {
  const panel = byId<HTMLDetailsElement>('journal-panel');
  panel.addEventListener('toggle', () => panel.open && void read());
  onSyncEvent((event) => {
    if (!panel.open) return;
    events = [{ n: n++, event }, ...events].slice(0, KEPT);
    show();
  });
}

async function read(): Promise<void> {
  const past = await (await connected).journal();
  events = past.slice(-KEPT).map((event) => ({ n: n++, event })).reverse();
  show();
}

const show = () => showRows(byId('journal'), events, { keyOf: (one) => String(one.n), build, update: () => {} });

function build({ event }: { n: number; event: SyncEvent }): HTMLElement {
  const row = make('li', 'line');
  setData(row, 'state', STATES[event.type] ?? 'paused');
  row.append(
    make('time', 'soft', clockTime(event.at)),
    make('div', 'line-words', make('span', 'what', event.type), make('span', 'soft', details(event))),
  );
  return row;
}

function details(event: SyncEvent): string {
  const told: string[] = [];
  if ('id' in event && event.id !== null) told.push(titleOf(event.id));
  if (event.type === 'resolved') told.push(`${titleOf(event.temporaryId)} is ${event.realId ?? 'without an id'}`);
  if ('owner' in event && event.owner !== null) told.push(`owner ${event.owner}`);
  if ('send' in event) told.push(`send ${event.send}`);
  if ('attempt' in event) told.push(`retry ${event.attempt} in ${(event.delayMs / 1000).toFixed(1)} s`);
  if ('status' in event && event.status !== null) told.push(String(event.status));
  if ('reason' in event) told.push(reasonWords(event.reason));
  return told.join(' \u00b7 ');
}

function titleOf(id: string): string {
  const report = [...book.reports.values()].find(({ ref }) => ref === id);
  return book.changes.get(id)?.title ?? report?.title ?? `${id.slice(0, 15)}...`;
}
