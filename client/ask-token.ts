import type { AuthRequiredEvent } from '../sw/protocol/events.js';
import { browserAfter, unlessAborted } from './wait.js';

/** Why a token is asked for. */
export interface TokenRequest {
  /** `expiring`: nothing is held yet, and the live token is over within a minute. */
  reason: AuthRequiredEvent['reason'] | 'expiring';
  baseUrl: string;
  namespace: string;
  /** True when the server refused the last one, or it's over by its own `exp`, so the same again won't do. */
  rejected: boolean;
  /** Aborted when nobody waits any more: after 30 s, at a sign-out, or when the client is closed. */
  signal: AbortSignal;
}

/**
 * Gives a fresh token, or null when there's none to be had for now. What throws, takes over 30 s, or
 * gives anything else counts as null, and is told in the console.
 */
export type GetToken = (request: TokenRequest) => string | null | undefined | Promise<string | null | undefined>;

/** Whoever waits for a token waits no longer than this, as other tabs wait with it. */
const ANSWER_MS = 30_000;

/** One for all backends: refresh tokens that rotate must not be used twice at a time. */
const LOCK = 'holdfast:token';

/** Runs the work while neither another tab nor another part of this one asks for a token. */
export const alone = <T>(ended: AbortSignal, work: () => Promise<T>): Promise<T> =>
  navigator.locks ? (navigator.locks.request(LOCK, { signal: ended }, work) as Promise<T>) : work();

/** Asks the app for a token, while neither another tab nor another part of this one does. */
export const askAlone = (getToken: GetToken, request: Omit<TokenRequest, 'signal'>, ended: AbortSignal) =>
  alone(ended, () => within(ended, (signal) => getToken({ ...request, signal })));

/** Settles as the work does, if it does in time and before `ended`. */
export function within<T>(ended: AbortSignal, work: (signal: AbortSignal) => T | Promise<T>): Promise<T> {
  const late = new AbortController();
  const stop = browserAfter(ANSWER_MS, () => late.abort(new Error(`getToken took over ${ANSWER_MS} ms`)));
  const signal = AbortSignal.any([ended, late.signal]);
  const working = async () => {
    ended.throwIfAborted();
    return work(signal);
  };
  return unlessAborted(signal, working()).finally(stop);
}
