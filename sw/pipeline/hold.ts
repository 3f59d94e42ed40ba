import type { TokenResult } from '../protocol/api.js';
import type { HoldReason, SyncEvent } from '../protocol/events.js';
import { transition, type Decision } from '../policy/entry.js';
import { credentialOf, type EntryRecord } from '../policy/entry-record.js';
import { isExpired, isOlder } from '../policy/jwt.js';
import type { BackendRecord, Ports } from '../ports.js';
import { gateOf, serverTime, stepGate, type Backend, type GateStep, type LiveToken } from './backend.js';
import type { Report } from './report.js';

/** The auth hold: tokens in, releases out. */
export interface Holds {
  /** Takes a token for a backend. */
  provide(backend: Backend, value: string, scheme: string): Promise<TokenResult>;
  /** Learns the token of a request that the page makes itself. */
  learn(backend: Backend, value: string, scheme: string): Promise<void>;
  /** An entry needs a token that nobody has given yet. */
  missing(backend: Backend, owner: string | null): Promise<void>;
  /** Nobody is signed in any more: what waits for a token is parked, or, if it's the user's own, purged. */
  signOut(backend: Backend, purge: boolean): Promise<void>;
  /** The server has taken a request without a token: if there was a session by cookie to come, it's there. */
  sessionSeen(backend: Backend): void;
}

type HoldPorts = Pick<Ports, 'clock' | 'digest' | 'log'>;

export function createHolds({ clock, digest, log }: HoldPorts, report: Report): Holds {
  const provide = async (backend: Backend, value: string, scheme: string, learnt: boolean): Promise<TokenResult> => {
    const owner = backend.config.owner(value);
    const mark = await digest(value);
    const { token: live, record: before } = backend;
    const { signedOut = null } = before;
    const waiting = waitingOwners(backend);
    const isLive = live?.value === value && live.scheme === scheme;
    if (isLive && !gateOf(backend, owner).hold) return isOtherHeld(backend) ? 'other-owner' : 'ignored: same-token';
    // A page that hasn't heard of the sign-out yet signs nobody in.
    if (learnt && signedOut?.forgotten === mark) return 'ignored: same-token';

    const token = { type: 'token', digest: mark, expired: isExpired(value, serverTime(backend, clock.now())) } as const;
    const own = stepGate(backend, owner, token);
    if (own.effect === 'ignore-same') return 'ignored: same-token';
    if (own.effect === 'ignore-expired') return 'ignored: expired';
    const steps: ({ whose: string | null } & GateStep)[] = [{ whose: owner, ...own }];
    // Entries whose owner nobody knows travel with any token.
    if (owner !== null) steps.push({ whose: null, ...stepGate(backend, null, token) });
    const undo = goLive(backend, { value, scheme, owner, digest: mark });

    const released = steps.flatMap(({ whose, effect }) => (effect === 'release' ? [whose] : []));
    // Nobody's gate was closed by it, but what waits has been parked.
    const isParked = signedOut !== null || (live !== null && live.owner !== owner && waiting.includes(owner));
    if (isParked && released.length === 0) released.push(owner);
    const events = released.map((whose): SyncEvent => ({
      type: 'released',
      ...aboutGate(backend, whose, clock.now()),
      generation: gateOf(backend, whose).generation,
    }));
    if (events.length > 0) {
      try {
        await report.commit({ backend: backend.record, events });
      } catch (error) {
        // The caller may try again, and is told the same then.
        for (const step of steps) step.undo();
        undo();
        throw error;
      }
    } else if (before.user !== owner) {
      // For a sign-out of which a later worker hears. It isn't worth holding up the page's request.
      report.commit({ backend: backend.record }).catch((error: unknown) =>
        log.warn("[holdfast] who has signed in can't be written; it's tried again with the next token", error),
      );
    }
    const onlyOthersWait = waiting.length > 0 && waiting.every((one) => one !== null && one !== owner);
    if (signedOut && onlyOthersWait) return 'other-owner';
    if (events.length > 0) return 'released';
    return isOtherHeld(backend) ? 'other-owner' : 'stored';
  };

  const written = (work: Promise<unknown>, what: string) =>
    work.catch((error: unknown) => log.error(`[holdfast] ${what} can't be written`, error));

  return {
    provide: (backend, value, scheme) => provide(backend, value, scheme, false),
    async learn(backend, value, scheme) {
      const { auth } = backend.config;
      const live = backend.token;
      if (!auth?.learn || live?.value === value) return;
      const owner = backend.config.owner(value);
      if (live && live.owner === owner && isOlder(value, live.value)) return;
      if (!isExpired(value, serverTime(backend, clock.now()))) {
        // The page wants its request sent, whatever becomes of the others.
        await written(provide(backend, value, scheme, true), 'the release of a hold');
        return;
      }
      // It releases nothing. But when it's all there is, let the server judge: its clock counts, not ours.
      if (live || gateOf(backend, owner).hold || backend.record.signedOut) return;
      const mark = await digest(value);
      if (!backend.token && !backend.record.signedOut) goLive(backend, { value, scheme, owner, digest: mark });
    },
    async missing(backend, owner) {
      const { effect, undo } = stepGate(backend, owner, { type: 'missing', at: clock.now() });
      if (effect !== 'hold') return;
      const events = holdEvents(backend, owner, 'token-missing', null, clock.now());
      try {
        await report.commit({ backend: backend.record, events });
      } catch (error) {
        // Nobody has been told of a hold, so there is none.
        undo();
        throw error;
      }
    },
    async signOut(backend, purge) {
      const before = backend.record;
      const at = clock.now();
      const user = backend.token?.owner ?? before.signedOut?.user ?? before.user ?? null;
      const forgotten = backend.token?.digest ?? before.signedOut?.forgotten ?? null;
      for (const owner of new Set([null, user, ...Object.keys(before.gates).map((name) => name || null)]))
        stepGate(backend, owner, { type: 'signed-out' });
      const since = before.signedOut?.since ?? at;
      const record: BackendRecord = { ...backend.record, signedOut: { since, user, forgotten, noSession: true } };
      // The gate first, then the token: from here to the end of the turn nothing can come between.
      backend.record = record;
      backend.token = null;
      const events: SyncEvent[] = before.signedOut
        ? []
        : [{ type: 'held', ...aboutGate(backend, user, at), reason: 'signed-out', id: null }];
      try {
        await (purge ? purged(backend, user, events, at) : report.commit({ backend: record, events }));
      } catch (error) {
        // The caller hears of it and may try again. The token stays forgotten.
        if (backend.record === record) backend.record = { ...record, signedOut: before.signedOut ?? null };
        throw error;
      }
    },
    sessionSeen(backend) {
      const { signedOut } = backend.record;
      if (!signedOut?.noSession) return;
      backend.record = { ...backend.record, signedOut: { ...signedOut, noSession: false } };
      void written(report.commit({ backend: backend.record }), 'that there is a session again');
    },
  };

  /** Removes what the user has on disk; what is on the wire is cut. */
  async function purged(backend: Backend, user: string | null, events: SyncEvent[], at: number): Promise<void> {
    const gone: number[] = [];
    const decide = (entry: EntryRecord): Decision | null => {
      const { seq, scheme, session, owner, state } = entry;
      const outlives = scheme === null && !session;
      const isAnothers = owner !== null && user !== null && owner !== user;
      const flight = backend.flights.get(seq);
      // What the page itself has under way is the page's.
      if (outlives || isAnothers || flight?.firstSend) return null;
      gone.push(seq);
      return transition(entry, state === 'dead' ? { type: 'discarded' } : { type: 'cancelled', inFlight: flight !== undefined }, at);
    };
    await report.sweep({ backend: backend.record, events, decide });
    for (const seq of gone) {
      const flight = backend.flights.get(seq);
      if (!flight) continue;
      flight.cancelled = true;
      flight.abort.abort(new DOMException('The user has signed out', 'AbortError'));
    }
  }
}

/** Makes it the live token. Gives the way back. */
function goLive(backend: Backend, token: LiveToken): () => void {
  const { token: live, record } = backend;
  const { signedOut = null, user } = record;
  backend.token = token;
  backend.record = { ...record, signedOut: null, user: token.owner };
  return () => {
    if (backend.token !== token) return;
    backend.token = live;
    backend.record = { ...backend.record, signedOut, ...(user !== undefined && { user }) };
  };
}

/** Whether a hold waits for another user than the one whose token is live. */
const isOtherHeld = ({ record, token }: Backend): boolean =>
  Object.entries(record.gates).some(([owner, { hold }]) => hold !== null && owner !== '' && owner !== token?.owner);

/** Whose token something waits for. */
const waitingOwners = ({ lanes }: Backend): (string | null)[] =>
  lanes.all().map(credentialOf).flatMap(({ scheme, owner }) => (scheme === null ? [] : [owner]));

const aboutGate = ({ config: { baseUrl, namespace } }: Backend, owner: string | null, at: number) => ({
  at,
  baseUrl,
  namespace,
  owner,
});

/** What is said when a gate closes: once for each hold. */
export function holdEvents(
  backend: Backend,
  owner: string | null,
  reason: Exclude<HoldReason, 'signed-out'>,
  id: string | null,
  at: number,
): SyncEvent[] {
  const about = aboutGate(backend, owner, at);
  return [
    { type: 'held', ...about, reason, id },
    { type: 'auth-required', ...about, reason },
  ];
}
