import type { EntryInfo } from '../../../client/index.js';
import { book } from './book.js';
import { button, byId, icon, make, part, setData, setIcon, setText, showRows } from './dom.js';
import { nameOf } from './session.js';
import { connected, look, worker } from './sync.js';
import { inSeconds, reasonWords, size, whyWaiting } from './words.js';

const BADGES: Record<EntryInfo['state'], [icon: string, text: string]> = {
  pending: ['waiting', 'Waiting'],
  sending: ['sending', 'Sending'],
  held: ['held', 'Held'],
  parked: ['held', 'Parked'],
  orphaned: ['?', 'No server'],
  paused: ['paused', 'Paused'],
  dead: ['dead', 'Dead letter'],
};

export function startOutbox(): void {
  byId('replay').addEventListener('click', () => void ask((sync) => sync.replay()));
  byId('pause').addEventListener('click', () =>
    void ask((sync) => (worker.status?.paused ? sync.resume() : sync.pause())),
  );
}

export async function ask(question: (sync: Awaited<typeof connected>) => Promise<unknown>): Promise<void> {
  await question(await connected);
  await look();
}

export function showOutbox(): void {
  const { entries, status } = worker;
  const now = Date.now();
  const live = entries.filter((entry) => entry.state !== 'dead');
  const update = (row: HTMLElement, entry: EntryInfo) => updateRow(row, entry, live, now);
  showRows(byId('outbox'), entries, { keyOf: ({ seq }) => String(seq), build, update });
  byId('outbox-empty').hidden = entries.length > 0;
  setText(byId('outbox-count'), String(entries.length));
  const pause = byId('pause');
  setText(pause, status?.paused ? 'Resume' : 'Pause');
  pause.setAttribute('aria-pressed', String(status?.paused ?? false));
}

function build({ key }: EntryInfo): HTMLElement {
  const row = make('li', 'entry');
  row.dataset['entry'] = key;
  const act = (text: string, name: string, question: Parameters<typeof ask>[0]) =>
    button(text, `small ${name}`, () => void ask(question));
  row.append(
    make('span', 'place', ''),
    make('div', 'entry-words', make('h4', 'title'), make('p', 'wire soft'), make('p', 'why', make('span', 'reason'), ' ', make('span', 'next'))),
    make('div', 'foot',
      make('span', 'badge', icon('waiting'), make('span', 'badge-text')),
      make('div', 'acts',
        act('Cancel', 'cancel', (sync) => sync.cancel(key)),
        act('Retry', 'retry', (sync) => sync.retry(key)),
        act('Discard', 'discard', (sync) => sync.discard(key)),
      ),
    ),
  );
  return row;
}

function updateRow(row: HTMLElement, entry: EntryInfo, live: readonly EntryInfo[], now: number): void {
  const title = titleOf(entry);
  const [name, text] = BADGES[entry.state];
  const dead = entry.state === 'dead';
  row.dataset['entry'] = entry.id;
  setData(row, 'state', entry.state);
  setText(part(row, 'place'), dead ? '' : String(live.indexOf(entry) + 1));
  setText(part(row, 'title'), title);
  setText(part(row, 'wire'), wire(entry));
  setText(part(row, 'reason'), why(entry, live));
  setText(part(row, 'next'), nextTry(entry, live, now));
  setIcon(part(row, 'badge').querySelector('.icon')!, name);
  setText(part(row, 'badge-text'), text);
  for (const act of ['cancel', 'retry', 'discard'] as const) {
    const acting = part(row, act);
    acting.hidden = dead === (act === 'cancel');
    acting.setAttribute('aria-label', `${acting.textContent}: ${title}`);
  }
}

function titleOf({ id, method }: EntryInfo): string {
  const known = book.changes.get(id);
  if (!known) return { POST: 'New report', DELETE: 'Deletion', PATCH: 'Change' }[method] ?? method;
  if (known.kind === 'done') return `${known.done ? 'Mark done' : 'Reopen'}: ${known.title}`;
  return known.kind === 'remove' ? `Delete: ${known.title}` : known.title;
}

function why(entry: EntryInfo, live: readonly EntryInfo[]): string {
  const place = live.indexOf(entry);
  switch (entry.state) {
    case 'sending':
      return 'On its way to the server.';
    case 'paused':
      return 'Stays until you resume.';
    case 'parked':
      return `It's ${nameOf(entry.owner ?? '')}'s, and waits for that sign-in.`;
    case 'held':
      return sentence(reasonWords(entry.reason));
    case 'orphaned':
      return 'This version of the app has no server for it.';
    case 'dead':
      return sentence(reasonWords(entry.reason) + (entry.lastAnswer ? ` (${entry.lastAnswer.status})` : ''));
    case 'pending':
      return place > 0 ? `Goes out after number ${place}.` : sentence(reasonWords(whyWaiting(live)));
  }
}

/** The first in line alone waits for a time. */
function nextTry(entry: EntryInfo, live: readonly EntryInfo[], now: number): string {
  const at = worker.status?.online ? worker.status.nextAttemptAt : null;
  const isFirst = entry.state === 'pending' && live[0] === entry;
  return isFirst && at !== null && at !== undefined ? `Next try ${inSeconds(at, now)}.` : '';
}

function wire({ method, url, bodySize, sends }: EntryInfo): string {
  const facts = [`${method} ${new URL(url).pathname}`];
  if (bodySize > 0) facts.push(size(bodySize));
  if (sends > 0) facts.push(`tried ${sends}x`);
  return facts.join(' \u00b7 ');
}

const sentence = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
