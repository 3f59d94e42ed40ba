/** How this browser signs in: by a JWT that the page sends in a header, or by a cookie that it never sees. */
export type Way = 'token' | 'cookie';

export type Session = { user: string } & (
  | { by: 'token'; token: string; expiresAt: number }
  /** The CSRF token is in memory alone: null until the server was asked. */
  | { by: 'cookie'; csrf: string | null }
);

/** What the server's last refusal has shown of a session by cookie. */
export type Trouble = 'lapsed' | 'stale';

const PLACE = 'fieldbook.session';
const WAY = 'fieldbook.way';

let current = read();
let trouble: Trouble | null = null;
let wasHere = localStorage.getItem(PLACE) !== null;
let renews = false;
const listeners = new Set<() => void>();

/** The session of this browser; an expired one is still there. */
export const session = (): Session | null => current;
export const isAlive = (): boolean => current !== null && (current.by === 'token' ? current.expiresAt > Date.now() : trouble !== 'lapsed');
export const sessionTrouble = (): Trouble | null => trouble;
/** False for somebody who has just come, and has signed out of nothing yet. */
export const hasHistory = (): boolean => wasHere;
export const nameOf = (user: string): string => user.slice(0, 1).toUpperCase() + user.slice(1);

export const way = (): Way => (localStorage.getItem(WAY) === 'cookie' ? 'cookie' : 'token');
export function setWay(next: Way): void {
  localStorage.setItem(WAY, next);
  tell();
}

export const renewByItself = (does: boolean): void => void (renews = does);
export const renewsByItself = (): boolean => renews;

export async function logIn(user: string): Promise<Session> {
  const by = way();
  const response = await fetch('/auth/login', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ user, by }),
  });
  if (!response.ok) throw new Error(`The login was answered with ${response.status}`);
  const given = (await response.json()) as { token: string; expiresAt: number; csrf: string };
  const next: Session = by === 'cookie' ? { user, by, csrf: given.csrf } : { user, by, token: given.token, expiresAt: given.expiresAt };
  keep(next);
  return next;
}

export async function logOut(): Promise<void> {
  const by = current?.by;
  keep(null);
  if (by === 'cookie') await fetch('/auth/logout', { method: 'POST' });
}

/** Asks the server for the session of this browser's cookie, and for its present CSRF token. Null when the session is over. */
export async function readSession(): Promise<string | null> {
  const response = await fetch('/auth/session');
  if (!response.ok) {
    complain('lapsed');
    return null;
  }
  const { user, csrf } = (await response.json()) as { user: string; csrf: string };
  keep({ user, by: 'cookie', csrf });
  return csrf;
}

/**
 * Takes note of an answer that refuses the session or its CSRF token.
 *
 * @param asked the session of the request
 * @returns whether the page has mended that by itself, so that the request may be sent again
 */
export async function mend({ status }: Response, asked: Session | null): Promise<boolean> {
  if (asked?.by !== 'cookie' || asked !== current || (status !== 401 && status !== 403)) return false;
  complain(status === 401 ? 'lapsed' : 'stale');
  if (!renews) return false;
  if (status === 401) await logIn(asked.user);
  else await readSession();
  return true;
}

export function onSession(listener: () => void): void {
  listeners.add(listener);
}

/** Without a token there's no header: the server says what it thinks of that. */
export function authorization(): Record<string, string> {
  if (current?.by === 'token') return { Authorization: `Bearer ${current.token}` };
  return current?.csrf ? { 'X-CSRF-Token': current.csrf } : {};
}

function keep(next: Session | null): void {
  current = next;
  trouble = null;
  wasHere = true;
  localStorage.setItem(PLACE, JSON.stringify(next, (name, value: unknown) => (name === 'csrf' ? null : value)));
  tell();
}

function complain(next: Trouble): void {
  trouble = next;
  tell();
}

function tell(): void {
  for (const listener of listeners) listener();
}

addEventListener('storage', ({ key }) => {
  if (key !== PLACE) return;
  current = read();
  trouble = null;
  tell();
  // Another tab has signed in, and this one needs the CSRF token of that session.
  if (current?.by === 'cookie') void readSession().catch(() => {});
});

function read(): Session | null {
  try {
    const kept = JSON.parse(localStorage.getItem(PLACE) ?? 'null') as Session | null;
    return kept?.by ? kept : null;
  } catch {
    return null;
  }
}
