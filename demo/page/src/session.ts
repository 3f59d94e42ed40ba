export interface Session {
  user: string;
  token: string;
  expiresAt: number;
}

const PLACE = 'fieldbook.session';

let current = read();
let wasHere = localStorage.getItem(PLACE) !== null;
const listeners = new Set<() => void>();

/** The session of this browser; an expired one is still there. */
export const session = (): Session | null => current;
export const isAlive = (): boolean => current !== null && current.expiresAt > Date.now();
/** False for somebody who has just come, and has signed out of nothing yet. */
export const hasHistory = (): boolean => wasHere;
export const nameOf = (user: string): string => user.slice(0, 1).toUpperCase() + user.slice(1);

export async function logIn(user: string): Promise<Session> {
  const response = await fetch('/auth/login', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ user }),
  });
  if (!response.ok) throw new Error(`The login was answered with ${response.status}`);
  const { token, expiresAt } = (await response.json()) as Omit<Session, 'user'>;
  keep({ user, token, expiresAt });
  return { user, token, expiresAt };
}

export const logOut = (): void => keep(null);

export function onSession(listener: () => void): void {
  listeners.add(listener);
}

/** Without a token there's no header: the server says what it thinks of that. */
export const authorization = (): Record<string, string> =>
  current ? { Authorization: `Bearer ${current.token}` } : {};

function keep(next: Session | null): void {
  current = next;
  wasHere = true;
  localStorage.setItem(PLACE, JSON.stringify(next));
  for (const listener of listeners) listener();
}

addEventListener('storage', ({ key }) => {
  if (key !== PLACE) return;
  current = read();
  for (const listener of listeners) listener();
});

function read(): Session | null {
  try {
    return JSON.parse(localStorage.getItem(PLACE) ?? 'null') as Session | null;
  } catch {
    return null;
  }
}
