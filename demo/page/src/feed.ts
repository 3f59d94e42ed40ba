import type { StreamState } from '../../../client/index.js';
import type { Notice } from '../../server/feed.js';
import { byId, make, part, setData, setText, showRows } from './dom.js';
import { isAlive, onSession, session } from './session.js';
import { connected } from './sync.js';
import { clockTime, inSeconds, plural } from './words.js';

/** A notice, or the place where the stream went on. */
type Row =
  | ({ kind: 'notice'; id: string } & Notice)
  | { kind: 'resumed'; n: number; after: string; at: number; caughtUp: number };

const KEPT = 60;
const TICK_MS = 250;
const PLACE = 'fieldbook.feed';

let rows = read();
let reading: AbortController | null = null;
/** Whose session it is read in. */
let reader: string | null = null;
let state: 'live' | 'waiting' | 'signed-out' | 'off' = 'off';
let nextAt = 0;

/** The feed runs in a tab that's looked at, for whoever is signed in. */
export function startFeed(): void {
  document.addEventListener('visibilitychange', look);
  onSession(look);
  setInterval(showState, TICK_MS);
  show();
  look();
}

function look(): void {
  const user = session()?.user ?? null;
  const isVisible = document.visibilityState === 'visible';
  // Another user's session isn't to be used any more.
  if (reading && (!isVisible || user !== reader)) reading.abort();
  if (!reading && isVisible && isAlive()) void follow(user);
  if (user === null) state = 'signed-out';
  showState();
}

async function follow(user: string | null): Promise<void> {
  const end = (reading = new AbortController());
  reader = user;
  try {
    const sync = await connected;
    const options = { taskId: 'feed', parse: (text: string) => JSON.parse(text) as Notice, onState, signal: end.signal };
    for await (const { id, data } of sync.observe('/api/feed', options)) {
      const [newest] = rows;
      // What happened before it went on was missed, and is made good now.
      const mark = rows.find((row) => row.kind === 'resumed');
      if (mark && data.at < mark.at) rows = rows.map((row) => (row === mark ? { ...mark, caughtUp: mark.caughtUp + 1 } : row));
      if (newest?.kind !== 'notice' || newest.id !== id) add({ kind: 'notice', id: id ?? '', ...data });
    }
  } catch (error) {
    if (!end.signal.aborted) console.info('The feed has ended until the next sign-in', error);
    state = end.signal.aborted ? 'off' : 'signed-out';
  } finally {
    reading = null;
    if (end.signal.aborted) look();
    else showState();
  }
}

function onState(next: StreamState): void {
  if (next.state === 'waiting') {
    state = 'waiting';
    nextAt = Date.now() + next.delayMs;
  } else {
    state = 'live';
    const { lastEventId: after } = next;
    const [newest] = rows;
    // An answer that was lost again adds nothing to what is there.
    if (newest?.kind === 'resumed') rows = rows.slice(1);
    if (after !== null) add({ kind: 'resumed', n: Date.now(), after, at: Date.now(), caughtUp: 0 });
  }
  showState();
}

function add(row: Row): void {
  rows = [row, ...rows].slice(0, KEPT);
  sessionStorage.setItem(PLACE, JSON.stringify(rows));
  show();
}

const STATES = {
  live: ['delivered', 'Live'],
  waiting: ['waiting', 'Cut off'],
  'signed-out': ['held', 'Goes on after a sign-in'],
  off: ['paused', 'Not connected'],
} as const;

function showState(): void {
  const badge = byId('feed-state');
  const [color, words] = STATES[state];
  setData(badge, 'state', color);
  setText(badge, state === 'waiting' ? `${words}, next try ${inSeconds(nextAt, Date.now())}` : words);
}

const show = () =>
  showRows(byId('feed'), rows, { keyOf: (row) => (row.kind === 'notice' ? row.id : `resumed ${row.n}`), build, update });

function build(row: Row): HTMLElement {
  if (row.kind === 'notice')
    return make('li', 'line', make('time', 'soft', clockTime(row.at)), make('span', 'code', `#${row.id}`), make('span', '', row.text));
  const mark = make('li', 'line resumed', make('b', '', `Resumed at #${row.after}`), make('span', 'caught'));
  setData(mark, 'state', 'sending');
  return mark;
}

function update(line: HTMLElement, row: Row): void {
  if (row.kind === 'resumed') setText(part(line, 'caught'), row.caughtUp > 0 ? `${plural(row.caughtUp, 'notice')} made good` : '');
}

function read(): Row[] {
  try {
    return JSON.parse(sessionStorage.getItem(PLACE) ?? '[]') as Row[];
  } catch {
    return [];
  }
}
