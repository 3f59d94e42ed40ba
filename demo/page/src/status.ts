import type { HoldInfo } from '../../../client/index.js';
import { book } from './book.js';
import { byId, setData, setIcon, setText } from './dom.js';
import { ask } from './outbox.js';
import { isAlive, nameOf, session, sessionTrouble, way, type Session } from './session.js';
import { connected, freshCsrf, signIn, worker } from './sync.js';
import { inSeconds, statusLine, type StatusLine } from './words.js';

let line: StatusLine | null = null;
let broken: string | null = null;

export function startStatus(): void {
  byId('status-act').addEventListener('click', () => {
    if (line?.act === 'resume') void ask((sync) => sync.resume());
    if (line?.act === 'fresh-csrf') void freshCsrf();
    if (line?.act === 'sign-in') void signIn(line.user ?? session()?.user ?? 'mara');
  });
  connected.catch((error: unknown) => {
    broken = error instanceof Error ? error.message : String(error);
    showStatus();
  });
}

export function showStatus(): void {
  if (broken !== null) return setText(byId('status-text'), `The demo can't start: ${broken}`);
  if (!worker.status) return;
  line = statusLine(worker.status, worker.entries, book.inFlight.size, sessionTrouble());
  const now = Date.now();
  setData(byId('status'), 'state', line.state);
  setData(byId('banner'), 'state', line.icon === 'delivered' ? 'idle' : line.icon);
  setIcon(byId<SVGElement>('status-icon'), line.icon);
  setText(byId('status-text'), line.text + control());
  setText(byId('status-next'), line.nextAt === null ? '' : `Next try ${inSeconds(line.nextAt, now)}.`);
  showAct(line);
}

/** A hard reload goes past the worker, and nothing would be kept. */
const control = (): string =>
  navigator.serviceWorker.controller ? '' : ' This page was loaded past its worker; reload it once.';

function showAct({ act, user }: StatusLine): void {
  const button = byId<HTMLButtonElement>('status-act');
  button.disabled = act === null;
  if (act === null) return;
  const other = user !== null && session() !== null && session()?.user !== user;
  const signInText = other ? `Sign in as ${nameOf(user ?? '')}` : 'Sign in';
  setText(button, act === 'resume' ? 'Resume' : act === 'fresh-csrf' ? 'New token' : signInText);
}

const LIFE_MS = 60_000;

export function showSession(): void {
  const mine = session();
  setText(byId('session-name'), mine ? `Signed in as ${nameOf(mine.user)}` : 'Not signed in');
  const [life, good] = lifeOf(mine);
  setText(byId('session-life'), life);
  setData(byId('session-life'), 'state', good ? 'good' : 'expired');
  const left = mine?.by === 'token' ? Math.max(0, mine.expiresAt - Date.now()) : 0;
  const bar = byId('life-bar');
  bar.style.transform = `scaleX(${(Math.min(left, LIFE_MS) / LIFE_MS).toFixed(3)})`;
  // A cookie tells the page nothing of its end.
  bar.parentElement!.style.visibility = way() === 'cookie' ? 'hidden' : 'visible';
  byId<HTMLButtonElement>('sign-out').disabled = !mine;
  // What waits was written by the present way, and goes out by that alone.
  const waits = worker.entries.some(({ state }) => state !== 'dead');
  byId<HTMLFieldSetElement>('way').disabled = waits;
  byId('way').title = waits ? 'What waits goes out by the way it was written: deliver or cancel it first' : '';
}

/** What is said of the session, and whether it's good. */
function lifeOf(mine: Session | null): [words: string, good: boolean] {
  if (!mine) return [way() === 'token' ? 'no token in this page' : 'no session', true];
  const isMine = (owner: string | null) => owner === null || owner === mine.user;
  const isHeld = (wanted: HoldInfo['reason']) => worker.status?.backends.some(({ holds }) => holds.some(({ reason, owner }) => reason === wanted && isMine(owner))) ?? false;
  if (mine.by === 'token') {
    if (isHeld('auth-expired')) return ['token refused', false];
    return isAlive() ? [`token good for ${Math.ceil((mine.expiresAt - Date.now()) / 1000)} s`, true] : ['token expired', false];
  }
  if (sessionTrouble() === 'lapsed' || isHeld('session-expired')) return ['session has ended', false];
  return sessionTrouble() === 'stale' || isHeld('csrf-expired') ? ['CSRF token is stale', false] : ['by cookie, CSRF token good', true];
}
