import type { BackendStatus, HoldInfo, SyncApi, TokenResult } from '../sw/protocol/api.js';
import type { AuthRequiredEvent, Heard } from '../sw/protocol/events.js';
import { alone, KINDS, within, type GetCsrfToken, type GetToken, type Kind, type RenewSession, type SessionRequest, type TokenRequest } from './ask-token.js';
import { handOver } from './hand-over.js';
import { knownCsrf } from './csrf.js';
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
type Reason = AuthRequiredEvent['reason'] | 'expiring';

/** What the app gives: a fresh token, a live cookie session, or the session's CSRF token. */
export interface Sources {
  getToken?: GetToken | undefined;
  renewSession?: RenewSession | undefined;
  getCsrfToken?: GetCsrfToken | undefined;
}

const targetOf = ({ baseUrl, namespace }: Target): Target => ({ baseUrl, namespace });

const kindOf = (reason: Reason): Kind => (reason === 'session-expired' ? 'session' : reason === 'csrf-expired' ? 'csrf' : 'token');

export interface TokenSource {
  hear(event: Heard): void;
  /** The user signs out: what is under way is of no use any more. */
  endSession(): void;
}

/**
 * Asks the page's `getToken` when a hold wants a token, and a minute before the live one is over; `renewSession` when a hold
 * wants a live session; and `getCsrfToken`, the cookies and the meta tag when a hold wants a CSRF token: one at a time across all
 * tabs. When the tab that asks is closed, left or stuck, the next one does. What gives none is asked again, later and later, and
 * whenever somebody looks at the page or the network comes back.
 */
export function feedTokens(
  api: Pick<SyncApi, 'provideToken' | 'renew' | 'status'>,
  { getToken, renewSession, getCsrfToken }: Sources,
  signal: AbortSignal,
  place: string,
): TokenSource {
  /** Failed asks in a row, by backend and kind. */
  const failures = new Map<string, number>();
  /** Tokens and renewals in a row that no server is known to have taken, by backend and kind. */
  const unproven = new Map<string, number>();
  /** By backend, kind and purpose. */
  const timers = new Map<string, ReturnType<typeof setTimeout>>();
  /** Asks under way, by backend and kind, each with the reason of a request that came meanwhile: a refusal may be heard before the token is taken. */
  const asking = new Map<string, { missed: Reason | null }>();
  const renewedAt = new Map<string, number>();
  /** Holds of users for whom this page has no token. */
  const foreign = new Set<string>();
  /** In the back/forward cache: an answer to it there would make the browser throw the page away. */
  let isLeft = false;
  /** Ends with the session: what was asked for before a sign-out is of no use after it. */
  let session = new AbortController();

  const nameOf = ({ baseUrl, namespace }: Target, kind: Kind) => JSON.stringify([namespace, baseUrl, kind]);
  const holdName = (target: Target, { owner, since, reason }: HoldInfo) => JSON.stringify([nameOf(target, kindOf(reason as Reason)), owner, since]);
  /** The holds that this page may end. */
  const wanted = (backend: BackendStatus) =>
    backend.holds.filter((hold) => hold.reason !== 'signed-out' && gives[kindOf(hold.reason)] && !foreign.has(holdName(backend, hold)));
  const wantedFor = (backend: BackendStatus, kind: Kind) => wanted(backend).find(({ reason }) => kindOf(reason as Reason) === kind);

  /** How each kind is had: asks the app, and gives the call that tells the worker. */
  const gives: Record<Kind, ((request: SessionRequest, reason: Reason, hold: HoldInfo | undefined) => Promise<() => Promise<TokenResult>>) | undefined> = {
    token:
      getToken &&
      (async (request, reason) => {
        const token = await getToken({ ...request, reason: reason as TokenRequest['reason'], rejected: reason === 'auth-expired' });
        return () => api.provideToken(token, targetOf(request));
      }),
    session:
      renewSession &&
      (async (request) => {
        const isLive = (await renewSession(request)) === true;
        return async () => (isLive ? api.renew(targetOf(request)) : 'ignored: blank');
      }),
    csrf: async (request, _reason, hold) => {
      const token = await getCsrfToken?.(request);
      return () => api.renew(targetOf(request), knownCsrf(token ?? null, hold?.cookie));
    },
  };

  const arm = (name: string, ms: number, ring: () => void) => {
    clearTimeout(timers.get(name));
    timers.set(name, setTimeout(ring, Math.min(LONGEST_TIMER, ms)));
  };

  /** Null when nothing has to be done any more: another tab was quicker, or the user has signed out. */
  async function stillWanted(target: Target, reason: Reason): Promise<BackendStatus | null> {
    const { backends } = await api.status();
    const backend = backends.find((one) => one.baseUrl === target.baseUrl && one.namespace === target.namespace);
    if (!backend) return null;
    const isExpiring = backend.tokenExpiresAt !== null && backend.tokenExpiresAt - LEAD_MS <= Date.now();
    return (reason === 'expiring' ? isExpiring : wantedFor(backend, kindOf(reason))) ? backend : null;
  }

  async function provide(target: Target, reason: Reason, ended: AbortSignal): Promise<TokenResult | null> {
    const backend = await stillWanted(target, reason);
    if (!backend) return null;
    const { baseUrl, namespace } = target;
    const kind = kindOf(reason);
    const tell = await within(ended, async (late) => gives[kind]!({ baseUrl, namespace, signal: late }, reason, wantedFor(backend, kind)));
    ended.throwIfAborted();
    const result = await tell();
    // Only tokens have another owner.
    if (result === 'other-owner') for (const hold of backend.holds) if (kindOf(hold.reason as Reason) === kind) foreign.add(holdName(backend, hold));
    return result;
  }

  async function ask(target: Target, reason: Reason): Promise<void> {
    const name = nameOf(target, kindOf(reason));
    const ended = session.signal;
    const other = asking.get(name);
    if (other && reason !== 'expiring') other.missed = reason;
    if (other || signal.aborted) return;
    const mine: { missed: Reason | null } = { missed: null };
    asking.set(name, mine);
    if (reason !== 'expiring') clearTimeout(timers.get(name));
    let hasFailed = true;
    try {
      const result = await alone(place, kindOf(reason), ended, (given) => provide(target, reason, given));
      hasFailed = result?.startsWith('ignored') ?? false;
      if (hasFailed && result !== 'ignored: blank') throw new Error(`the token was ${result}`);
      if (result === 'released') unproven.set(name, (unproven.get(name) ?? 0) + 1);
      if (!hasFailed) failures.delete(name);
    } catch (error) {
      if (!ended.aborted) console.warn(`[holdfast] the page gave no fresh ${kindOf(reason)}`, error);
    } finally {
      asking.delete(name);
    }
    if (ended.aborted) return;
    const next = mine.missed ?? (reason === 'expiring' ? null : reason);
    // What has failed to renew is asked again by the hold, when the live token is over.
    if (hasFailed && next) askAgain(target, next);
    else if (mine.missed) required(target, mine.missed);
    if (!isLeft) check();
  }

  /** Asks now, or when as many tokens were refused that it's better to wait. */
  function required(target: Target, reason: Reason): void {
    const name = nameOf(target, kindOf(reason));
    const again = () => void ask(target, reason);
    const refused = (unproven.get(name) ?? 0) - AT_ONCE;
    if (refused < 0 || asking.has(name)) again();
    else if (refused < RETRIES) arm(name, FIRST_RETRY_MS * 2 ** refused, again);
  }

  function askAgain(target: Target, reason: Reason): void {
    const name = nameOf(target, kindOf(reason));
    const failed = failures.get(name) ?? 0;
    failures.set(name, failed + 1);
    if (failed < RETRIES) arm(name, FIRST_RETRY_MS * 2 ** failed, () => void ask(target, reason));
  }

  /** Renews the live token in time. One that's over sooner isn't renewed ahead: that would go on without end. */
  function renew(backend: BackendStatus): void {
    const name = `renew ${nameOf(backend, 'token')}`;
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
      if (getToken) renew(backend);
      if (isOccasion) for (const { reason } of wanted(backend)) void ask(backend, reason as Reason);
    }
  }

  /** Reads when the live tokens are over, and has them renewed in time. A status that can't be had now is asked for on the next occasion. */
  const check = (isOccasion = false) => void (signal.aborted || !(getToken || isOccasion) || checkAll(isOccasion).catch(() => {}));
  const occasion = () => check(true);
  const on = { signal };
  addEventListener('pagehide', () => (isLeft = true), on);
  addEventListener('pageshow', () => (isLeft = false), on);
  addEventListener('focus', occasion, on);
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && occasion(), on);
  // A new worker has read of holds that the one before couldn't know of, and that were told long ago.
  navigator.serviceWorker.addEventListener('controllerchange', occasion, on);

  const given = handOver(api);
  const endSession = () => {
    given.forget();
    session.abort();
    session = new AbortController();
    timers.forEach(clearTimeout);
    failures.clear();
    unproven.clear();
  };
  signal.addEventListener('abort', endSession);
  occasion();

  return {
    endSession,
    hear(event) {
      switch (event.type) {
        case 'token':
          return event.isLost ? given.again() : check();
        case 'auth-required':
          if (gives[kindOf(event.reason)]) required(event, event.reason);
          return;
        case 'online':
          return check(true);
        case 'failed':
          // An answer that's final and no 401 came from a server that had taken the token.
          if (event.reason !== 'permanent' || event.status === 401) return;
        // falls through
        case 'delivered':
          for (const kind of KINDS) unproven.delete(nameOf(event, kind));
          return;
        case 'released': {
          const name = nameOf(event, kindOf(event.reason ?? 'auth-expired'));
          clearTimeout(timers.get(name));
          failures.delete(name);
        }
      }
    },
  };
}
