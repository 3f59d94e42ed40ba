import type { EntryInfo, SyncClient, SyncEvent, SyncStatus, TokenRequest } from '../../../client/index.js';
import { fetchReports } from './api.js';
import { isAlive, logIn, logOut, readSession, renewsByItself, session, setWay, type Way } from './session.js';

/** The classic script's global, as an app without a bundler has it. */
declare const Holdfast: typeof import('../../../client/index.js');

/** What the worker said when it was asked last. */
export const worker: { status: SyncStatus | null; entries: EntryInfo[]; askedAt: number } = {
  status: null,
  entries: [],
  askedAt: 0,
};

const lookers = new Set<() => void>();
const hearers = new Set<(event: SyncEvent) => void>();

/** Hears when `worker` is new. */
export const onLook = (listener: () => void): void => void lookers.add(listener);
export const onSyncEvent = (listener: (event: SyncEvent) => void): void => void hearers.add(listener);

/** The page's own token will do as long as the server hasn't refused it; after that, a person decides. */
async function getToken({ reason }: TokenRequest): Promise<string | null> {
  const mine = session();
  if (mine?.by !== 'token') return null;
  if (reason === 'token-missing' && isAlive()) return mine.token;
  return renewsByItself() ? renewedToken(mine.user) : null;
}

async function renewedToken(user: string): Promise<string | null> {
  const renewed = await logIn(user);
  return renewed.by === 'token' ? renewed.token : null;
}

/** A session by cookie that has lapsed: as with a token, a person decides. */
async function renewSession(): Promise<boolean> {
  const mine = session();
  if (mine?.by !== 'cookie' || !renewsByItself()) return false;
  await logIn(mine.user);
  return true;
}

/** The CSRF token that this page has, or a new one where it fetches that by itself. */
async function getCsrfToken(): Promise<string | null> {
  const mine = session();
  if (mine?.by !== 'cookie') return null;
  return renewsByItself() || mine.csrf === null ? readSession() : mine.csrf;
}

const known = session();

export const connected: Promise<SyncClient> = Holdfast.connect({
  worker: '/sw.js',
  getToken,
  renewSession,
  getCsrfToken,
  // Said before anything is sent: what another user has left isn't sent in this one's session.
  ...(known?.by === 'cookie' && { user: known.user }),
});

connected.then(
  (sync) => {
    sync.addEventListener('event', ({ detail }) => {
      for (const hear of hearers) hear(detail);
      void look();
    });
    void look();
  },
  (error: unknown) => console.error('The demo needs its service worker', error),
);

/** Signs in, and lets the worker know: what was held goes out. */
export async function signIn(user: string): Promise<void> {
  const before = session()?.user;
  const mine = await logIn(user);
  const sync = await connected;
  if (mine.by === 'token') await sync.provideToken(mine.token, { baseUrl: '/api' });
  else {
    // The worker learns the new CSRF token from any request, so what's held goes out with it. Another user's name comes first.
    if (user === before) await fetchReports();
    await sync.signIn(user);
  }
  await look();
}

/** A page that has been loaded with a session by cookie says whose it is. */
export async function resumeSession(): Promise<void> {
  if (session()?.by !== 'cookie' || (await readSession()) === null) return;
  await (await connected).signIn(session()!.user);
}

/** Fetches the session's new CSRF token. The worker learns it from the page's next request. */
export async function freshCsrf(): Promise<void> {
  await readSession();
  await fetchReports();
  await look();
}

/** Signs out by the one way, and in by the other. */
export async function changeWay(next: Way): Promise<void> {
  const user = session()?.user;
  if (user) await signOut();
  setWay(next);
  if (user) await signIn(user);
}

/** The worker first: when the page has forgotten the token, nothing is sent with it any more. */
export async function signOut(): Promise<void> {
  try {
    await (await connected).signOut();
  } finally {
    await logOut();
  }
  await look();
}

/** For reading: a write with an old token is held and released, and that is to be seen. */
export async function freshen(): Promise<void> {
  const mine = session();
  if (renewsByItself() && mine && !isAlive()) await logIn(mine.user);
}

let looking: Promise<void> | null = null;
let again = false;

/** Asks the worker how things stand. However many ask at once, it's asked once more at the most. */
export function look(): Promise<void> {
  again = true;
  return (looking ??= (async () => {
    try {
      const sync = await connected;
      while (again) {
        again = false;
        const [status, entries] = await Promise.all([sync.status(), sync.entries()]);
        Object.assign(worker, { status, entries, askedAt: Date.now() });
        for (const listener of lookers) listener();
      }
    } catch (error) {
      console.warn('The worker gave no answer; it is asked again on the next occasion', error);
    } finally {
      looking = null;
    }
  })());
}
