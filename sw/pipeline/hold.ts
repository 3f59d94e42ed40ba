import type { TokenResult } from '../protocol/api.js';
import type { HoldReason, SyncEvent } from '../protocol/events.js';
import { transition, type Decision } from '../policy/entry.js';
import { credentialOf, type EntryRecord } from '../policy/entry-record.js';
import { expiryOf, isExpired, isOlder, issuedAt } from '../policy/jwt.js';
import type { Ports, SignedOut } from '../ports.js';
import { gateOf, serverTime, sessionUser, stepGate, type Backend, type GateStep, type LiveToken } from './backend.js';
import type { Report } from './report.js';

/** The auth hold: tokens in, releases out. */
export interface Holds {
  /** Takes a token for a backend. */
  provide(backend: Backend, value: string, scheme: string): Promise<TokenResult>;
  /**
   * Learns the token of a request that the page makes itself.
   *
   * @param signOuts as they were when it came
   */
  learn(backend: Backend, value: string, scheme: string, signOuts: number): Promise<void>;
  /** An entry needs a token that nobody has given yet. */
  missing(backend: Backend, owner: string | null): Promise<void>;
  /** A session by cookie has begun. */
  signIn(backends: readonly Backend[], user: string): Promise<void>;
  /** Nobody is signed in any more: what waits for a token is parked, or, if it's the user's own, purged. */
  signOut(backends: readonly Backend[], purge: boolean): Promise<void>;
  /** To know a refused or forgotten token by. */
  mark(value: string, scheme: string): Promise<string>;
}

type HoldPorts = Pick<Ports, 'broadcast' | 'chance' | 'clock' | 'digest' | 'log'>;

/** How a token came. */
interface Came {
  learnt: boolean;
  /** The sign-outs there had been. */
  signOuts: number;
}

export function createHolds({ broadcast, chance, clock, digest, log }: HoldPorts, report: Report): Holds {
  const salt = chance.uuid();
  // What isn't a bearer may be a password: salted in memory, it can't be guessed from the disk, and is
  // known again in this worker's life only.
  const mark: Holds['mark'] = (value, scheme) => digest(/^bearer$/i.test(scheme) ? value : salt + value);

  const written = (work: Promise<unknown>, what: string) =>
    work.catch((error: unknown) => log.error(`[holdfast] ${what} can't be written`, error));

  /** A token counts as over when both clocks say so: the server's may have been wrong for once. */
  const isOver = (backend: Backend, value: string) => {
    const now = clock.now();
    return isExpired(value, Math.min(now, serverTime(backend, now)));
  };

  const provide = async (backend: Backend, value: string, scheme: string, { learnt, signOuts }: Came): Promise<TokenResult> => {
    const owner = backend.config.owner(value);
    const own = await mark(value, scheme);
    const { token: live, record: before } = backend;
    const { signedOut = null } = before;
    const waiting = waitingOwners(backend);
    const isLive = live?.value === value && live.scheme === scheme;
    if (isLive && !gateOf(backend, owner).hold) return isOtherHeld(backend) ? 'other-owner' : 'ignored: same-token';
    // What was on its way at a sign-out signs nobody in, nor does a page that hasn't heard of it yet.
    if (backend.signOuts !== signOuts) return 'ignored: same-token';
    if (learnt && signedOut && isForgotten(signedOut, value, own, owner)) return 'ignored: same-token';
    if (learnt && live?.owner === owner && isOlder(value, live.value)) return 'ignored: same-token';

    const token = { type: 'token', digest: own, expired: isOver(backend, value) } as const;
    const step = stepGate(backend, owner, token);
    if (step.effect === 'ignore-same') return 'ignored: same-token';
    if (step.effect === 'ignore-expired') return 'ignored: expired';
    const steps: ({ whose: string | null } & GateStep)[] = [{ whose: owner, ...step }];
    // Entries whose owner nobody knows travel with any token.
    if (owner !== null) steps.push({ whose: null, ...stepGate(backend, null, token) });
    const undo = goLive(backend, { value, scheme, owner, digest: own });
    broadcast({ type: 'token' });

    const released = steps.flatMap(({ whose, effect }) => (effect === 'release' ? [whose] : []));
    // Nobody's gate was closed by it, but what waits has been parked.
    const isParked = signedOut !== null || (live !== null && live.owner !== owner && waiting.includes(owner));
    if (isParked && released.length === 0) released.push(owner);
    const events = released.map((whose) => releasedEvent(backend, whose, clock.now()));
    if (events.length > 0) {
      try {
        await report.commit({ backend: backend.record, events });
      } catch (error) {
        // The caller may try again, and is told the same then.
        for (const one of steps) one.undo();
        undo();
        throw error;
      }
    } else {
      // For a later worker. It isn't worth holding up the page's request.
      void written(report.commit({ backend: backend.record }), 'whose token is the live one');
    }
    const onlyOthersWait = waiting.length > 0 && waiting.every((one) => one !== null && one !== owner);
    if (signedOut && onlyOthersWait) return 'other-owner';
    if (events.length > 0) return 'released';
    return isOtherHeld(backend) ? 'other-owner' : 'stored';
  };

  /** Closes the gate, and then forgets the token. Gives what is to be told of it. */
  function close(backend: Backend): SyncEvent[] {
    const before = backend.record;
    const at = clock.now();
    const { last = null, epoch = 0 } = before;
    const { since = at, user: earlier = null, forgotten = null } = before.signedOut ?? {};
    const user = backend.token ? backend.token.owner : (sessionUser(backend) ?? last?.owner ?? earlier);
    for (const name of new Set(['', user ?? '', ...Object.keys(before.gates)])) stepGate(backend, name || null, { type: 'signed-out' });
    const signedOut = { since, user, forgotten: last ?? forgotten };
    backend.record = { ...backend.record, signedOut, last: null, sessionUser: null, epoch: epoch + 1 };
    backend.token = null;
    backend.signOuts++;
    return before.signedOut ? [] : [{ type: 'held', ...aboutGate(backend, user, at), reason: 'signed-out', id: null }];
  }

  /** Removes what the user has on disk; what is on the wire is cut. */
  async function purge(backend: Backend, events: SyncEvent[]): Promise<void> {
    const at = clock.now();
    const user = backend.record.signedOut?.user ?? null;
    const gone: number[] = [];
    const decide = (entry: EntryRecord): Decision | null => {
      const { seq, owner, state } = entry;
      const flight = backend.flights.get(seq);
      // What the page itself has under way is the page's.
      if (outlives(entry) || (owner !== null && owner !== user) || flight?.firstSend) return null;
      gone.push(seq);
      return transition(entry, state === 'dead' ? { type: 'discarded' } : { type: 'cancelled', inFlight: flight !== undefined }, at);
    };
    await report.sweep({ backend: backend.record, events, decide, forget: user });
    for (const seq of gone) {
      const flight = backend.flights.get(seq);
      if (!flight) continue;
      flight.cancelled = true;
      flight.abort.abort(new DOMException('The user has signed out', 'AbortError'));
    }
  }

  return {
    mark,
    provide: (backend, value, scheme) => provide(backend, value, scheme, { learnt: false, signOuts: backend.signOuts }),
    async learn(backend, value, scheme, signOuts) {
      const { auth } = backend.config;
      const live = backend.token;
      if (!auth?.learn || live?.value === value) return;
      if (!isOver(backend, value)) {
        // The page wants its request sent, whatever becomes of the others.
        await written(provide(backend, value, scheme, { learnt: true, signOuts }), 'the release of a hold');
        return;
      }
      const owner = backend.config.owner(value);
      const own = await mark(value, scheme);
      // It releases nothing. But when it's all there is, let the server judge: its clock counts, not ours.
      const isAll = !backend.token && !gateOf(backend, owner).hold && !backend.record.signedOut;
      if (isAll) goLive(backend, { value, scheme, owner, digest: own });
    },
    async missing(backend, owner) {
      // One may have come since the heads were read.
      if (backend.token || backend.record.signedOut) return;
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
    async signIn(backends, user) {
      const closed = backends.filter(({ record }) => record.signedOut);
      for (const backend of backends) {
        const { epoch = 0 } = backend.record;
        backend.record = { ...backend.record, sessionUser: user, signedOut: null, epoch: epoch + 1 };
      }
      const writing = backends.map((backend) => {
        const events = closed.includes(backend) ? [releasedEvent(backend, user, clock.now())] : [];
        return report.commit({ backend: backend.record, events });
      });
      await allWritten(writing);
    },
    async signOut(backends, purges) {
      // All gates first: from here to the end of the turn nothing can come between.
      const told = backends.map((backend) => ({ backend, events: close(backend) }));
      const writing = told.map(async ({ backend, events }) => {
        try {
          await (purges ? purge(backend, events) : report.commit({ backend: backend.record, events }));
        } catch (error) {
          // It stays closed while this worker lives. The caller hears of it, and may try again.
          report.tell(...events);
          throw error;
        }
      });
      await allWritten(writing);
    },
  };
}

/** Waits for all of them, and fails with the first that did. */
async function allWritten(writing: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(writing)).find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

/** It's nobody's in particular, and was marked as that. What can't be read may be anybody's. */
const outlives = ({ scheme, session, reason }: EntryRecord): boolean => scheme === null && !session && reason !== 'unreadable';

/** Makes it the live token. Gives the way back. */
function goLive(backend: Backend, token: LiveToken): () => void {
  const { token: live, record } = backend;
  const { value, owner, digest } = token;
  const { last = null, signedOut = null, epoch = 0 } = record;
  backend.token = token;
  backend.record = {
    ...record,
    signedOut: null,
    last: { owner, digest, expiresAt: expiryOf(value), issuedAt: issuedAt(value) },
    epoch: signedOut ? epoch + 1 : epoch,
  };
  return () => {
    if (backend.token !== token) return;
    backend.token = live;
    backend.record = { ...backend.record, signedOut, last, epoch };
  };
}

/** Whether it's the token that was forgotten at the sign-out, or one of the same user's that was made no later. */
function isForgotten({ forgotten }: SignedOut, value: string, digest: string, owner: string | null): boolean {
  const made = issuedAt(value);
  const isEarlier = made !== null && forgotten !== null && forgotten.issuedAt !== null && made <= forgotten.issuedAt;
  return forgotten?.digest === digest || (isEarlier && forgotten.owner === owner);
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

const releasedEvent = (backend: Backend, owner: string | null, at: number): SyncEvent => ({
  type: 'released',
  ...aboutGate(backend, owner, at),
  generation: gateOf(backend, owner).generation,
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
