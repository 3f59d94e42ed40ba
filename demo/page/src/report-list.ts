import { fetchPhoto } from './api.js';
import { book } from './book.js';
import { change, rows, type Row } from './changes.js';
import { button, byId, icon, make, part, setData, setIcon, setText, showRows } from './dom.js';
import { nameOf } from './session.js';
import { ago, clockTime } from './words.js';

const SEVERITY = { low: 'Low', medium: 'Medium', high: 'High' };

const BADGES: Record<Row['state'], string> = {
  delivered: 'Delivered',
  waiting: 'Waiting to be sent',
  held: 'Held: sign in again',
  sending: 'Sending',
  dead: 'Not delivered',
};

/** What a row's buttons act on: the row as it was shown last. */
const shown = new WeakMap<HTMLElement, Row>();
const pictures = new Map<string, string>();
const loading = new Set<string>();
let mayLoad = false;

export function showReports(): void {
  const now = Date.now();
  showRows(byId('reports'), rows(), { keyOf: (row) => row.key, build, update: (element, row) => update(element, row, now) });
  setText(byId('list-note'), book.fetchedAt ? `as of ${clockTime(book.fetchedAt)}` : '');
}

function build({ key }: Row): HTMLElement {
  const row = make('li', 'report');
  row.dataset['report'] = key;
  row.append(
    make('span', 'thumb', icon('photo')),
    make('div', 'report-words', make('h4', 'title'), make('p', 'facts soft'), make('p', 'note')),
    make('div', 'foot', make('span', 'badge', icon('delivered'), make('span', 'badge-text')), acts(row)),
  );
  return row;
}

function acts(row: HTMLElement): HTMLElement {
  const toggle = button('Mark done', 'link toggle', () => {
    const { report } = shown.get(row)!;
    void change({ id: newId(), title: report.title, kind: 'done', reportId: report.id, done: !report.done });
  });
  const remove = button('Delete', 'link remove', () => {
    const { report } = shown.get(row)!;
    leave(row);
    void change({ id: newId(), title: report.title, kind: 'remove', reportId: report.id });
  });
  return make('div', 'acts', toggle, remove);
}

/** The focus goes on to the next row, as the buttons of this one are about to be hidden. */
function leave(row: HTMLElement): void {
  const others = [row.nextElementSibling, row.previousElementSibling].map((other) => other?.querySelector<HTMLElement>('.acts:not([hidden]) .remove'));
  (others.find(Boolean) ?? byId('title')).focus();
}

const newId = () => `change-${crypto.randomUUID()}`;

function update(element: HTMLElement, row: Row, now: number): void {
  const { report, state, isNew, removing } = row;
  shown.set(element, row);
  setData(element, 'state', state);
  setData(element, 'done', String(report.done));
  setData(element, 'removing', String(removing));
  setText(part(element, 'title'), report.title);
  const facts = [report.place, SEVERITY[report.severity], nameOf(report.author), ago(report.writtenAt, now)];
  setText(part(element, 'facts'), facts.filter(Boolean).join(' \u00b7 '));
  setText(part(element, 'note'), report.note);
  setIcon(part(element, 'badge').querySelector('.icon')!, state);
  setText(part(element, 'badge-text'), badgeText(row));
  setText(part(element, 'toggle'), report.done ? 'Reopen' : 'Mark done');
  for (const act of ['toggle', 'remove'] as const) {
    const acting = part(element, act);
    acting.setAttribute('aria-label', `${acting.textContent}: ${report.title}`);
  }
  // A report that's new may be changed as well: the worker knows it by its temporary id. With a dead letter the outbox asks what to do.
  part(element, 'acts').hidden = removing || (isNew && state === 'dead');
  showPicture(element, row);
}

function badgeText({ entry, state, report, removing }: Row): string {
  if (state === 'delivered') return report.done ? 'Done' : BADGES.delivered;
  if (entry?.state === 'paused') return 'Paused';
  if (entry?.state === 'held' && entry.reason === 'csrf-expired') return 'Held: needs a new CSRF token';
  if (entry?.state === 'parked') return `Held for ${nameOf(entry.owner ?? '')}`;
  return removing && state === 'waiting' ? 'Deletion waits' : BADGES[state];
}

function showPicture(element: HTMLElement, { key, report, thumb, isNew }: Row): void {
  if (thumb) pictures.set(key, thumb);
  const source = pictures.get(key);
  if (!source && report.hasPhoto && !isNew) void load(key, report.id);
  const place = part(element, 'thumb');
  const old = place.querySelector('img');
  if (!source || old?.getAttribute('src') === source) return;
  const picture = make('img');
  Object.assign(picture, { src: source, alt: `Photo: ${report.title}` });
  place.replaceChildren(picture);
}

/** Photos need the session too, so the browser can't fetch them by itself. */
async function load(key: string, id: string): Promise<void> {
  if (!mayLoad || loading.has(id)) return;
  loading.add(id);
  const photo = await fetchPhoto(id);
  if (!photo) {
    // The next ones would fare no better.
    mayLoad = false;
    return;
  }
  pictures.set(key, URL.createObjectURL(photo));
  showReports();
}

/** The server answers: what couldn't be loaded may be loaded now. */
export function loadPictures(): void {
  loading.clear();
  mayLoad = true;
  showReports();
}
