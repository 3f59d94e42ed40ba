import type { BackendStatus, HoldInfo, SyncApi, TokenResult } from '../sw/protocol/api.js';
import type { SyncEvent } from '../sw/protocol/events.js';
import { alone, within, type GetToken, type TokenRequest } from './ask-token.js';
import { LONGEST_TIMER } from './wait.js';

/** A server that refuses every token isn't asked for the next one without end: the first few at once, then spaced. */
const AT_ONCE = 3;
const FIRST_RETRY_MS = 6_000;
const RETRIES = 10;

/** So long before its `exp` a token is renewed. */
const LEAD_MS = 60_000;

/** Tokens that live little longer than that are renewed no more often than this. */
const RENEWALS_MS = 30_000;

type Target = Pick<BackendStatus, 'baseUrl' | 'namespace'>;
type Reason = TokenRequest['reason'];

export interface TokenSource {
  hear(event: SyncEvent): void;
  /** Reads when the live tokens are over, and has them renewed in time. */
  check(): void;
  /** The user signs out: what is under way is of no use any more. */
  endSession(): void;
}

/**
 * Asks the page's `getToken` when a hold wants a token, and a minute before the live one is over: one at
 * a time across all tabs. When the tab that asks is closed, left or stuck, the next one does. What gives
 * none is asked again, later and later, and whenever somebody looks at the page or the network comes back.
 */
export function feedTokens(
  api: Pick<SyncApi, 'provideToken' | 'status'>,
  getToken: GetToken,
  signal: AbortSignal,
  place: string,
): TokenSource {
  /** Failed asks in a row, by backend. */
  const failures = new Map<string, number>();
  /** Tokens in a row that no server is known to have taken, by backend. */
  const unproven = new Map<string, number>();
  /** By backend and purpose. */
  const timers = new Map<string, ReturnType<typeof setTimeout>>();
  /** Asks under way, by backend, each with the reason of a request that came meanwhile: a refusal may be heard before the token is taken. */
  const asking = new Map<string, { missed: Reason | null }>();
  const renewedAt = new Map<string, number>();
  /** Holds of users for whom this page has no token. */
  const foreign = new Set<string>();
  /** Ends with the session: what was asked for before a sign-out is of no use after it. */
  let session = new AbortController();

  const nameOf = ({ baseUrl, namespace }: Target) => JSON.stringify([namespace, baseUrl]);
  const holdName = (target: Target, { owner, since }: HoldInfo) => JSON.stringify([nameOf(target), owner, since]);
  const wanted = (backend: BackendStatus) =>
    backend.holds.find((hold) => hold.reason !== 'signed-out' && !foreign.has(holdName(backend, hold)));

  const arm = (name: string, ms: number, ring: () => void) => {
    clearTimeout(timers.get(name));
    timers.set(name, setTimeout(ring, Math.min(LONGEST_TIMER, ms)));
  };

  /** Null when nothing has to be done any more: another tab was quicker, or the user has signed out. */
  async function stillWanted(target: Target, reason: Reason): Promise<BackendStatus | null> {
    const { backends } = await api.status();
    const backend = backends.find((one) => nameOf(one) === nameOf(target));
    if (!backend) return null;
    const isExpiring = backend.tokenExpiresAt !== null && backend.tokenExpiresAt - LEAD_MS <= Date.now();
    return (reason === 'expiring' ? isExpiring : wanted(backend)) ? backend : null;
  }

  async function provide(target: Target, reason: Reason, ended: AbortSignal): Promise<TokenResult | null> {
    const backend = await stillWanted(target, reason);
    if (!backend) return null;
    const { baseUrl, namespace } = target;
    const token = await within(ended, (signal) => getToken({ reason, baseUrl, namespace, rejected: reason === 'auth-expired', signal }));
    ended.throwIfAborted();
    const result = await api.provideToken(token, { baseUrl, namespace });
    if (result === 'other-owner') for (const hold of backend.holds) foreign.add(holdName(backend, hold));
    return result;
  }

  async function ask(target: Target, reason: Reason): Promise<void> {
    const name = nameOf(target);
    const ended = session.signal;
    const other = asking.get(name);
    if (other && reason !== 'expiring') other.missed = reason;
    if (other || signal.aborted) return;
    const mine: { missed: Reason | null } = { missed: null };
    asking.set(name, mine);
    if (reason !== 'expiring') clearTimeout(timers.get(name));
    let hasFailed = true;
    try {
      const result = await alone(place, ended, (given) => provide(target, reason, given));
      hasFailed = result?.startsWith('ignored') ?? false;
      if (hasFailed && result !== 'ignored: blank') throw new Error(`the token was ${result}`);
      if (result === 'released') unproven.set(name, (unproven.get(name) ?? 0) + 1);
      if (!hasFailed) failures.delete(name);
    } catch (error) {
      if (!ended.aborted) console.warn('[holdfast] getToken gave no fresh token', error);
    } finally {
      asking.delete(name);
    }
    if (ended.aborted) return;
    const next = mine.missed ?? (reason === 'expiring' ? null : reason);
    // What has failed to renew is asked again by the hold, when the live token is over.
    if (hasFailed && next) askAgain(target, next);
    else if (mine.missed) required(target, mine.missed);
    check();
  }

  /** Asks now, or when as many tokens were refused that it's better to wait. */
  function required(target: Target, reason: Reason): void {
    const name = nameOf(target);
    const again = () => void ask(target, reason);
    const refused = (unproven.get(name) ?? 0) - AT_ONCE;
    if (refused < 0 || asking.has(name)) again();
    else if (refused < RETRIES) arm(name, FIRST_RETRY_MS * 2 ** refused, again);
  }

  function askAgain(target: Target, reason: Reason): void {
    const name = nameOf(target);
    const failed = failures.get(name) ?? 0;
    failures.set(name, failed + 1);
    if (failed < RETRIES) arm(name, FIRST_RETRY_MS * 2 ** failed, () => void ask(target, reason));
  }

  /** Renews the live token in time. One that's over sooner isn't renewed ahead: that would go on without end. */
  function renew(backend: BackendStatus): void {
    const name = `renew ${nameOf(backend)}`;
    const now = Date.now();
    const ms = (backend.tokenExpiresAt ?? 0) - LEAD_MS - now;
    const ring = () => {
      if (ms > LONGEST_TIMER) return check();
      renewedAt.set(name, Date.now());
      void ask(backend, 'expiring');
    };
    if (ms > 0) arm(name, Math.max(ms, (renewedAt.get(name) ?? 0) + RENEWALS_MS - now), ring);
  }

  async function checkAll(isOccasion: boolean): Promise<void> {
    const { backends } = await api.status();
    for (const backend of backends) {
      renew(backend);
      const reason = wanted(backend)?.reason;
      if (isOccasion && reason) void ask(backend, reason as Reason);
    }
  }

  // A status that can't be had now is asked for on the next occasion.
  const check = (isOccasion = false) => void (signal.aborted || checkAll(isOccasion).catch(() => {}));
  const occasion = () => check(true);
  const on = { signal };
  addEventListener('focus', occasion, on);
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && occasion(), on);
  // A new worker has read of holds that the one before couldn't know of, and that were told long ago.
  navigator.serviceWorker.addEventListener('controllerchange', occasion, on);

  const endSession = () => {
    session.abort();
    session = new AbortController();
    timers.forEach(clearTimeout);
    failures.clear();
    unproven.clear();
  };
  signal.addEventListener('abort', endSession);
  occasion();

  return {
    check,
    endSession,
    hear(event) {
      switch (event.type) {
        case 'auth-required':
          return required(event, event.reason);
        case 'online':
          return check(true);
        case 'failed':
          // An answer that's final and no 401 came from a server that had taken the token.
          if (event.reason !== 'permanent' || event.status === 401) return;
        // falls through
        case 'delivered':
          return void unproven.delete(nameOf(event));
        case 'released':
          clearTimeout(timers.get(nameOf(event)));
          return void failures.delete(nameOf(event));
        case 'held':
          if (event.reason === 'signed-out') endSession();
      }
    },
  };
}
