import { byId, make, setData, setText, showRows } from './dom.js';
import type { Credential } from '../../server/env.js';
import type { SeenRequest as Seen } from '../../server/server-log.js';
import { onSession, way, type Way } from './session.js';
import { clockTime } from './words.js';

type Mode = [value: string, name: string, does: string];

const modes = (by: Way): Mode[] => [
  ['ok', 'It works', 'Every request of a live session is answered.'],
  ['down', 'Down', 'Connections break before anything is heard.'],
  ['slow', 'Slow', 'Each answer takes three seconds.'],
  ['503', 'Overloaded', 'Answers 503, "service unavailable".'],
  ...CREDENTIAL_MODES[by],
  ['429', 'Rate limit', 'Answers 429, "too many requests, wait 5 s".'],
  ['lie-fi', 'Answer lost', 'Lie-fi: does the work, but the answer never arrives.'],
];

/** The faults of what one has signed in by. */
const CREDENTIAL_MODES: Record<Way, Mode[]> = {
  token: [['401', 'Token expired', 'Refuses all tokens until a new sign-in.']],
  cookie: [
    ['401', 'Session lapsed', 'Ends all sessions until a new sign-in.'],
    ['csrf', 'CSRF token stale', 'Refuses writes until the page has a new one.'],
  ],
};

const KEPT = 200;
let mode = 'ok';
let seen: Seen[] = [];

export function startServerPanel(onTurn: () => void): void {
  showDial();
  onSession(showDial);
  byId('show-reads').addEventListener('change', showSeen);
  // One open stream for a tab that's looked at; hidden ones would use up the browser's connections.
  let stream: EventSource | null = null;
  const listen = () => {
    stream?.close();
    stream = document.visibilityState === 'visible' ? openStream(onTurn) : null;
  };
  document.addEventListener('visibilitychange', listen);
  listen();
}

let shownFor: Way | null = null;

function showDial(): void {
  if (shownFor === way()) return;
  shownFor = way();
  byId('dial').replaceChildren(byId('dial').firstElementChild!, ...modes(shownFor).map(choice));
}

function choice([value, name, does]: Mode): HTMLElement {
  const radio = make('input');
  Object.assign(radio, { type: 'radio', name: 'dial', value, checked: value === mode });
  radio.addEventListener('change', () => {
    const headers = { 'Content-Type': 'application/json' };
    void fetch('/dial', { method: 'PUT', headers, body: JSON.stringify({ mode: value }) });
  });
  return make('label', 'choice', radio, make('b', '', name), make('span', 'soft', does));
}

function openStream(onTurn: () => void): EventSource {
  const stream = new EventSource('/server-log');
  const on = (type: string, hear: (data: string) => void) =>
    stream.addEventListener(type, (event) => hear((event as MessageEvent<string>).data));
  on('all', (data) => {
    seen = JSON.parse(data) as Seen[];
    showSeen();
  });
  on('seen', (data) => {
    seen = [...seen, JSON.parse(data) as Seen].slice(-KEPT);
    showSeen();
  });
  on('dial', (data) => {
    mode = JSON.parse(data) as string;
    for (const radio of document.querySelectorAll<HTMLInputElement>('input[name="dial"]')) radio.checked = radio.value === mode;
    onTurn();
  });
  return stream;
}

function showSeen(): void {
  const reads = byId<HTMLInputElement>('show-reads').checked;
  const wanted = seen.filter(({ method }) => reads || (method !== 'GET' && method !== 'HEAD')).reverse();
  showRows(byId('seen'), wanted, { keyOf: ({ n }) => String(n), build, update: () => {} });
  byId('seen-empty').hidden = wanted.length > 0;
}

function build({ at, method, path, user, status, refused, key, repeated, lost, about }: Seen): HTMLElement {
  const row = make('li', 'line');
  setData(row, 'state', status < 400 ? (lost ? 'waiting' : 'delivered') : refused ? 'held' : 'dead');
  const words = [user ?? 'nobody', ...(key ? [`key ${key}`] : [])].join(' \u00b7 ');
  const remark = make('span', 'remark');
  setText(remark, remarkOn({ status, refused, repeated, lost }));
  row.append(
    make('time', 'soft', clockTime(at)),
    make('span', 'code', String(status)),
    make('div', 'line-words', make('span', 'what', about ?? `${method} ${path}`), make('span', 'soft', about ? `${method} \u00b7 ${words}` : words), remark),
  );
  return row;
}

const REFUSED: Record<Credential, string> = { token: 'Token refused.', session: 'No live session.', csrf: 'CSRF token refused.' };

function remarkOn({ status, refused, repeated, lost }: Pick<Seen, 'status' | 'refused' | 'repeated' | 'lost'>): string {
  if (refused) return REFUSED[refused];
  if (repeated) return `Seen before: the same answer again, done once${lost ? '. Lost again' : ''}.`;
  return lost && status < 400 ? 'Done, but the answer was lost.' : '';
}
