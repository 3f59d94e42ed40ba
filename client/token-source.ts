import type { BackendStatus, SyncApi, TokenResult } from '../sw/protocol/api.js';
import type { AuthRequiredEvent, SyncEvent } from '../sw/protocol/events.js';
import { LONGEST_TIMER } from './signals.js';

/** Why a token is asked for. */
export interface TokenRequest {
  /** `expiring`: nothing is held yet, and the live token is over within a minute. */
  reason: AuthRequiredEvent['reason'] | 'expiring';
  baseUrl: string;
  /** True when the server refused the last one, so the same again won't do. */
  rejected: boolean;
}

/**
 * Gives a fresh token, or null when there's none to be had for now. What throws, takes over 30 s, or
 * gives anything else counts as null, and is told in the console.
 */
export type GetToken = (request: TokenRequest) => string | null | undefined | Promise<string | null | undefined>;

const FIRST_RETRY_MS = 6_000;
const RETRIES = 10;

/** Whoever waits for a token waits no longer than this, as other tabs wait with it. */
const ANSWER_MS = 30_000;

/** So long before its `exp` a token is renewed. */
const LEAD_MS = 60_000;

/** Tokens that live little longer than that are renewed no more often than this. */
const RENEWALS_MS = 30_000;

type Target = Pick<BackendStatus, 'baseUrl' | 'namespace'>;
type Reason = TokenRequest['reason'];

export interface TokenSource {
  hear(event: SyncEvent): void;
  /** Looks at the holds, and at when the live tokens are over. */
  look(): void;
}

/**
 * Asks the page's `getToken` when a hold wants a token, and a minute before the live one is over: once at
 * a time for a backend across all tabs. When the tab that asks is closed, the next one does. What gives
 * none is asked again, later and later, and whenever somebody looks at the page.
 */
export function feedTokens(
  api: Pick<SyncApi, 'provideToken' | 'status'>,
  getToken: GetToken,
  signal: AbortSignal,
): TokenSource {
  const tries = new Map<string, number>();
  /** By backend and purpose. */
  const timers = new Map<string, ReturnType<typeof setTimeout>>();
  const asking = new Set<string>();
  const renewedAt = new Map<string, number>();
  /** Ends with the session: what was asked for before a sign-out is of no use after it. */
  let session = new AbortController();

  const nameOf = ({ baseUrl, namespace }: Target) => JSON.stringify([namespace, baseUrl]);

  const arm = (name: string, ms: number, ring: () => void) => {
    clearTimeout(timers.get(name));
    timers.set(name, setTimeout(ring, Math.min(LONGEST_TIMER, ms)));
  };

  const disarm = () => timers.forEach((timer) => clearTimeout(timer));

  const alone = <T>(name: string, ended: AbortSignal, work: () => Promise<T>): Promise<T> =>
    navigator.locks ? (navigator.locks.request(`holdfast:token:${name}`, { signal: ended }, work) as Promise<T>) : work();

  /** Another tab may have been quicker, or the user has signed out. */
  async function isWanted(target: Target, reason: Reason): Promise<boolean> {
    const { backends } = await api.status();
    const { holds = [], tokenExpiresAt = null } = backends.find((one) => nameOf(one) === nameOf(target)) ?? {};
    if (reason !== 'expiring') return holds.some((hold) => hold.reason !== 'signed-out');
    return tokenExpiresAt !== null && tokenExpiresAt - LEAD_MS <= Date.now();
  }

  /** Gives what came of it; null when nothing had to be done any more. */
  async function provide(target: Target, reason: Reason, ended: AbortSignal): Promise<TokenResult | null> {
    const { baseUrl, namespace } = target;
    if (!(await isWanted(target, reason))) return null;
    const request = { reason, baseUrl, rejected: reason === 'auth-expired' };
    const token = await within(ended, (async () => getToken(request))());
    return api.provideToken(token, { baseUrl, namespace });
  }

  async function ask(target: Target, reason: Reason): Promise<void> {
    const name = nameOf(target);
    const ended = session.signal;
    if (asking.has(name) || signal.aborted) return;
    asking.add(name);
    clearTimeout(timers.get(name));
    try {
      const result = await alone(name, ended, () => provide(target, reason, ended));
      if (result === 'ignored: blank') askAgain(target, reason);
      else if (result?.startsWith('ignored')) throw new Error(`the token was ${result}`);
      else tries.delete(name);
    } catch (error) {
      if (ended.aborted) return;
      console.warn('[holdfast] getToken gave no fresh token, so it is asked again later', error);
      askAgain(target, reason);
    } finally {
      asking.delete(name);
      look();
    }
  }

  function askAgain(target: Target, reason: Reason): void {
    const name = nameOf(target);
    const tried = tries.get(name) ?? 0;
    // The hold asks again when the live token is over.
    if (reason === 'expiring') return;
    tries.set(name, tried + 1);
    if (tried < RETRIES) arm(name, FIRST_RETRY_MS * 2 ** tried, () => void ask(target, reason));
  }

  /** Renews the live token in time. One that's over sooner isn't renewed ahead: that would go on without end. */
  function renew(backend: BackendStatus): void {
    const name = `renew ${nameOf(backend)}`;
    const now = Date.now();
    const ms = (backend.tokenExpiresAt ?? 0) - LEAD_MS - now;
    const ring = () => {
      if (ms > LONGEST_TIMER) return look();
      renewedAt.set(name, Date.now());
      void ask(backend, 'expiring');
    };
    if (ms > 0) arm(name, Math.max(ms, (renewedAt.get(name) ?? 0) + RENEWALS_MS - now), ring);
  }

  async function lookAtAll(isOccasion: boolean): Promise<void> {
    const { backends } = await api.status();
    for (const backend of backends) {
      const [hold] = backend.holds;
      if (hold && hold.reason !== 'signed-out') {
        if (isOccasion) void ask(backend, hold.reason);
      } else renew(backend);
    }
  }

  // A status that can't be had now is asked for on the next occasion.
  const look = (isOccasion = false) => void (signal.aborted || lookAtAll(isOccasion).catch(() => {}));
  const occasion = () => look(true);
  const on = { signal };
  addEventListener('focus', occasion, on);
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && occasion(), on);
  const end = () => {
    disarm();
    session.abort();
  };
  signal.addEventListener('abort', end);
  occasion();

  return {
    look,
    hear(event) {
      if (event.type === 'auth-required') void ask(event, event.reason);
      if (event.type === 'released') {
        const name = nameOf(event);
        clearTimeout(timers.get(name));
        tries.delete(name);
      }
      if (event.type !== 'held' || event.reason !== 'signed-out') return;
      end();
      tries.clear();
      session = new AbortController();
    },
  };
}

/** What the work gives, if it does in time. */
function within<T>(ended: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`getToken took over ${ANSWER_MS} ms`)), ANSWER_MS);
    ended.addEventListener('abort', () => reject(ended.reason as Error));
    void work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
