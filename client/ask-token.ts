import { browserAfter, unlessAborted } from './wait.js';

/** Why a token is asked for. */
export interface TokenRequest {
  /** `expiring`: nothing is held yet, and the live token is over within a minute. */
  reason: 'auth-expired' | 'token-missing' | 'expiring';
  baseUrl: string;
  namespace: string;
  /** True when the server refused the last one, or it's over by its own `exp`, so the same again won't do. */
  rejected: boolean;
  /** Aborted when nobody waits any more: after 30 s, at a sign-out, when the page is left, or when the client is closed. */
  signal: AbortSignal;
}

/**
 * Gives a fresh token, or null when there's none to be had for now. What throws, takes over 30 s, or
 * gives anything else counts as null, and is told in the console.
 */
export type GetToken = (request: TokenRequest) => string | null | undefined | Promise<string | null | undefined>;

/** The backend whose cookie session has lapsed, or whose CSRF token is wanted. */
export interface SessionRequest {
  baseUrl: string;
  namespace: string;
  /** Aborted when nobody waits any more: after 30 s, at a sign-out, or when the client is closed. */
  signal: AbortSignal;
}

/** Renews the user's cookie session. `true`: it's live again; anything else counts as not, and is asked again later. */
export type RenewSession = (request: SessionRequest) => boolean | null | undefined | Promise<boolean | null | undefined>;

/** Gives the session's present CSRF token, or null where it's in a cookie or in `<meta name="csrf-token">`. */
export type GetCsrfToken = (request: SessionRequest) => string | null | undefined | Promise<string | null | undefined>;

/** Whoever waits for a token waits no longer than this, as other tabs wait with it. */
const ANSWER_MS = 30_000;

/** What an app is asked for. */
export const KINDS = ['token', 'session', 'csrf'] as const;
export type Kind = (typeof KINDS)[number];

/**
 * The lock's name, behind the registration's place: one for all backends, as refresh tokens that rotate must not be used twice
 * at a time. Each kind has a lock of its own: `renewSession` may wait for a person who signs in, and a CSRF token mustn't wait
 * for that.
 */
const lockOf = (place: string, kind: Kind) => `${place}holdfast:${kind}`;

/** Whoever holds the lock for longer has stopped, as timers do in a frozen tab, at a breakpoint and behind an `alert`. */
const STUCK_MS = 35_000;

/**
 * Runs the work while neither another tab nor another part of this one asks the app for the same kind. The work is given up when the page
 * is left, as the back/forward cache keeps a page with its locks, and when another tab has waited too long for it.
 */
export async function alone<T>(place: string, kind: Kind, ended: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const lost = new AbortController();
  const lose = () => lost.abort();
  const signal = AbortSignal.any([ended, lost.signal]);
  const run = () => unlessAborted(signal, work(signal));
  addEventListener('pagehide', lose);
  try {
    return await (navigator.locks ? locked(lockOf(place, kind), signal, run) : run());
  } catch (error) {
    // The browser rejects a request whose lock was taken over, while the work goes on.
    lose();
    throw error;
  } finally {
    removeEventListener('pagehide', lose);
  }
}

/** Who holds the lock; undefined: nobody that the browser would name. */
const holder = async (lock: string) => (await navigator.locks.query()).held?.find(({ name }) => name === lock)?.clientId;

/** Runs the work under the lock, which is taken over from a page that holds it all the while. */
async function locked<T>(lock: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const { locks } = navigator;
  const before = holder(lock);
  const late = new AbortController();
  const stop = browserAfter(STUCK_MS, () => late.abort());
  try {
    return await (locks.request(lock, { signal: AbortSignal.any([signal, late.signal]) }, () => {
      stop();
      return work();
    }) as Promise<T>);
  } catch (error) {
    stop();
    if (signal.aborted || !late.signal.aborted) throw error;
  }
  return new Promise((resolve, reject) => {
    // Several may have waited as long: each in its turn looks whether the lock has changed hands meanwhile.
    const takeOver = async () => {
      const isStuck = (await holder(lock)) === (await before);
      resolve(isStuck ? (locks.request(lock, { steal: true }, work) as Promise<T>) : locked(lock, signal, work));
    };
    locks.request(`${lock}:over`, takeOver).catch(reject);
  });
}

/** Asks the app for a token, while neither another tab nor another part of this one does. */
export const askAlone = (place: string, getToken: GetToken, request: Omit<TokenRequest, 'signal'>, ended: AbortSignal) =>
  alone(place, 'token', ended, (given) => within(given, (signal) => getToken({ ...request, signal })));

/** Settles as the work does, if it does in time and before `ended`. */
export function within<T>(ended: AbortSignal, work: (signal: AbortSignal) => T | Promise<T>): Promise<T> {
  const late = new AbortController();
  const stop = browserAfter(ANSWER_MS, () => late.abort(new Error(`the app took over ${ANSWER_MS} ms`)));
  const signal = AbortSignal.any([ended, late.signal]);
  const working = async () => {
    ended.throwIfAborted();
    return work(signal);
  };
  return unlessAborted(signal, working()).finally(stop);
}
