import type { EntryInfo, SyncClient, SyncEvent, SyncStatus, TokenRequest } from '../../../client/index.js';
import { isAlive, logIn, logOut, session } from './session.js';

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

let renews = false;
export const renewByItself = (does: boolean): void => void (renews = does);

/** The page's own token will do as long as the server hasn't refused it; after that, a person decides. */
async function getToken({ reason }: TokenRequest): Promise<string | null> {
  const mine = session();
  if (reason === 'token-missing' && mine && isAlive()) return mine.token;
  return renews && mine ? (await logIn(mine.user)).token : null;
}

export const connected: Promise<SyncClient> = Holdfast.connect({ worker: '/sw.js', getToken });

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

/** Signs in, and lets the worker have the token: what was held goes out. */
export async function signIn(user: string): Promise<void> {
  const { token } = await logIn(user);
  await (await connected).provideToken(token, { baseUrl: '/api' });
  await look();
}

/** The worker first: when the page has forgotten the token, nothing is sent with it any more. */
export async function signOut(): Promise<void> {
  try {
    await (await connected).signOut();
  } finally {
    logOut();
  }
  await look();
}

/** For reading: a write with an old token is held and released, and that is to be seen. */
export async function freshen(): Promise<void> {
  const mine = session();
  if (renews && mine && !isAlive()) await logIn(mine.user);
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
