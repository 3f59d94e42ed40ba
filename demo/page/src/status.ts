import { book } from './book.js';
import { byId, setData, setIcon, setText } from './dom.js';
import { ask } from './outbox.js';
import { isAlive, nameOf, session } from './session.js';
import { connected, signIn, worker } from './sync.js';
import { inSeconds, statusLine, type StatusLine } from './words.js';

let line: StatusLine | null = null;
let broken: string | null = null;

export function startStatus(): void {
  byId('status-act').addEventListener('click', () => {
    if (line?.act === 'resume') void ask((sync) => sync.resume());
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
  line = statusLine(worker.status, worker.entries, book.inFlight.size);
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
  setText(button, act === 'resume' ? 'Resume' : signInText);
}

const LIFE_MS = 60_000;

export function showSession(): void {
  const mine = session();
  const left = mine ? Math.max(0, mine.expiresAt - Date.now()) : 0;
  setText(byId('session-name'), mine ? `Signed in as ${nameOf(mine.user)}` : 'Not signed in');
  const isMine = (owner: string | null) => owner === null || owner === mine?.user;
  const refused = worker.status?.backends.some(({ holds }) => holds.some(({ reason, owner }) => reason === 'auth-expired' && isMine(owner)));
  const good = isAlive() && !refused;
  const life = good ? `token good for ${Math.ceil(left / 1000)} s` : refused ? 'token refused' : 'token expired';
  setText(byId('session-life'), mine ? life : 'no token in this page');
  setData(byId('session-life'), 'state', mine && !good ? 'expired' : 'good');
  byId('life-bar').style.transform = `scaleX(${(Math.min(left, LIFE_MS) / LIFE_MS).toFixed(3)})`;
  byId<HTMLButtonElement>('sign-out').disabled = !mine;
}
