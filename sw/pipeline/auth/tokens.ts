import type { AuthGateEvent } from '../../policy/auth-gate.js';
import { credentialOf, type EntryRecord } from '../../policy/entry-record.js';
import { decodeJwt, expiryOf, isOver } from '../../policy/jwt.js';
import { session, type LiveToken } from '../../policy/session.js';
import type { Ports } from '../../ports.js';
import type { CsrfGiven, TokenResult } from '../../protocol/api.js';
import type { SyncEvent } from '../../protocol/events.js';
import type { Backend } from '../backend/backend.js';
import { clocksOf, authGateOf, markTold, stepAuthGate, type GateStep } from '../backend/gates.js';
import { noteLateToken } from '../backend/server-clock.js';
import { sessionOf, setSession } from '../backend/session.js';
import type { Report } from '../report.js';
import { renewCsrf } from './csrf.js';
import { holdEvents, holdLine, releasedEvent, renewSession } from './hold-events.js';

/** The auth holds of all backends: tokens end holds, missing or expired tokens begin them. */
export interface Holds {
  /** Takes a token for a backend. */
  provide(backend: Backend, value: string, scheme: string, source: TokenSource): Promise<TokenResult>;
  /** Learns the token of a request that the page makes itself. */
  learn(backend: Backend, value: string, scheme: string, origin: TokenOrigin): Promise<void>;
  /** Begins a hold before a send: an entry needs a token, and there's none, or the live token is over by its own `exp`. */
  missing(backend: Backend, entry: Pick<EntryRecord, 'owner' | 'id' | 'sends'>): Promise<void>;
  /** Writes that pages have been told of a hold, for a later worker. */
  told(backend: Backend, owner: string | null, session?: boolean): void;
  /** Ends the hold of a cookie session, as a request was accepted in it. */
  renewed(backend: Backend, owner: string | null): void;
  /** Begins a hold before a send: an entry needs a CSRF token, and nobody knows it. */
  missingCsrf(backend: Backend, owner: string | null): Promise<void>;
  /**
   * Ends the holds for a CSRF token, if the newest known value isn't the refused one. Never rejects.
   *
   * @param given what a page knows of the token, once it was asked
   */
  renewCsrf(backend: Backend, given?: CsrfGiven): Promise<TokenResult>;
  /** Tells pages of the holds that an earlier worker wrote and didn't live to tell of. */
  tellUntold(backends: Iterable<Backend>): void;
  /** The digest by which a refused or forgotten token is recognised. A live token has its own, made when it came. @param scheme by which the token came */
  digestOf(value: string, scheme: string): Promise<string>;
}

/** The request that a token is learnt from. */
export interface TokenOrigin {
  /** The backend's count of sign-outs when the request arrived. */
  signOuts: number;
  /** The request is a redelivery: its token is only learnt if it's the last known token. */
  redelivered: boolean;
}

type HoldPorts = Pick<Ports, 'broadcast' | 'chance' | 'clock' | 'digest' | 'log'>;

/** How a token came. */
interface TokenSource {
  learnt: boolean;
  /** The backend's count of sign-outs when the token came. */
  signOuts: number;
  /** An earlier worker had the token: it counts only if it's the last known token. */
  isAgain?: boolean | undefined;
  /** When the page handed the token over. @default now */
  at?: number | undefined;
}

export function createHolds({ broadcast, chance, clock, digest, log }: HoldPorts, report: Report): Holds {
  const salt = chance.uuid();
  // A credential that isn't a bearer may be a password: with a salt in memory, it can't be guessed from the digest on disk,
  // and is recognised in this worker's life only.
  const digestOf: Holds['digestOf'] = (value, scheme) => digest(/^bearer$/i.test(scheme) ? value : salt + value);

  const logFailure = (work: Promise<unknown>, what: string) =>
    work.catch((error: unknown) => log.error(`[holdfast] ${what} can't be written`, error));

  /** Whether a token that has just come is over. A token that looks expired may show that this device's clock is ahead. */
  const isOverNow = (backend: Backend, value: string) => {
    const now = clock.now();
    const expiresAt = expiryOf(value);
    if (!isOver(expiresAt, clocksOf(backend, now))) return false;
    const { iat } = decodeJwt(value) ?? {};
    if (iat !== undefined) noteLateToken(backend.clock, iat, now);
    return isOver(expiresAt, clocksOf(backend, now));
  };

  const provide = async (backend: Backend, value: string, scheme: string, { learnt, signOuts, isAgain, at = clock.now() }: TokenSource): Promise<TokenResult> => {
    const owner = backend.config.owner(value);
    const ready = Promise.all([digestOf(value, scheme), backend.taking]);
    backend.taking = ready.catch(() => {});
    const [digest] = await ready;
    const { token: live, record: { last, signedOut, serverSkewMs } } = backend;
    if (isAgain && (live || last?.digest !== digest)) return 'ignored: same-token';
    const waiting = waitingOwners(backend);
    const own: LiveToken = { value, scheme, owner, digest, expiresAt: expiryOf(value), provided: !learnt };
    const [after, effect] = session(sessionOf(backend), { type: 'token', token: own, signOuts, at, now: clock.now(), serverSkewMs });
    if (effect === 'ignored') return 'ignored: same-token';
    /** The app's call is answered when the record is on disk. A page's own request waits for a release alone: the rest is for a later worker. */
    const write = (events: SyncEvent[] = []): Promise<unknown> => {
      const writing = report.commit({ backend: backend.record, events });
      if (!learnt || events.length > 0) return writing;
      void logFailure(writing, 'who is signed in');
      return Promise.resolve();
    };
    if (effect === 'forgotten') {
      setSession(backend, after);
      await write();
      return 'ignored: same-token';
    }
    if (effect === 'same') {
      setSession(backend, after);
      if (!authGateOf(backend, owner).hold) {
        await write();
        return isOtherHeld(backend) ? 'other-owner' : 'ignored: same-token';
      }
    }

    // The live token's digest was made when that came, by whatever scheme.
    const token = { type: 'token', digest: after.token?.digest ?? digest, expired: isOverNow(backend, value), learnt } as const;
    const step = stepAuthGate(backend, owner, token);
    if (step.effect === 'ignore-same') return 'ignored: same-token';
    if (step.effect === 'ignore-expired') return 'ignored: expired';
    const steps: ({ whose: string | null } & GateStep)[] = [{ whose: owner, ...step }];
    // Entries without a known owner travel with any token.
    if (owner !== null) steps.push({ whose: null, ...stepAuthGate(backend, null, token) });
    const undo = setSession(backend, after);
    broadcast({ type: 'token' });

    const released = steps.flatMap(({ whose, effect }) => (effect === 'release' ? [whose] : []));
    // No gate was held, but entries were parked by a sign-out or by another user's token.
    const isParked = signedOut !== null || (live !== null && live.owner !== owner && waiting.includes(owner));
    if (isParked && released.length === 0) released.push(owner);
    const events = released.map((whose) => releasedEvent(backend, whose, clock.now()));
    try {
      await write(events);
    } catch (error) {
      // The caller may try again, and gets the same result then. Where nothing was held, the token stays the live one: what it
      // delivers may make the room that the write has lacked.
      if (events.length > 0) {
        for (const taken of steps) taken.undo();
        undo();
      }
      throw error;
    }
    const onlyOthersWait = waiting.length > 0 && waiting.every((other) => other !== null && other !== owner);
    if (signedOut && onlyOthersWait) return 'other-owner';
    if (events.length > 0) return 'released';
    return isOtherHeld(backend) ? 'other-owner' : 'stored';
  };

  const told: Holds['told'] = (backend, owner, session) => {
    if (markTold(backend, owner, session)) void logFailure(report.commit({ backend: backend.record }), 'who was told of a hold');
  };

  /** Begins a hold before a send. False where the gate was held already. */
  const begin = async (backend: Backend, owner: string | null, event: AuthGateEvent & { type: 'missing' }, session = false): Promise<boolean> => {
    const { effect, undo } = stepAuthGate(backend, owner, event, session);
    const { hold } = authGateOf(backend, owner, session);
    if (effect !== 'hold' || !hold) return false;
    try {
      await report.commit({ backend: backend.record, events: holdEvents(backend, owner, hold.reason, null, event.at) });
    } catch (error) {
      // Pages haven't been told of the hold, so it's undone.
      undo();
      throw error;
    }
    told(backend, owner, session);
    return true;
  };

  return {
    digestOf,
    told,
    renewed(backend, owner) {
      const events = renewSession(backend, owner, clock.now());
      if (events.length > 0) void logFailure(report.commit({ backend: backend.record, events }), 'the release of a hold');
    },
    missingCsrf: async (backend, owner) => {
      if (await begin(backend, owner, { type: 'missing', digest: null, reason: 'csrf-expired', at: clock.now() }, true)) backend.csrf.refused = null;
    },
    async renewCsrf(backend, given) {
      const { result, events } = renewCsrf(backend, given, clock.now());
      if (events.length > 0) await logFailure(report.commit({ backend: backend.record, events }), 'the release of a hold');
      return result;
    },
    tellUntold(backends) {
      for (const backend of backends) {
        const { gates, sessionGates, signedOut } = backend.record;
        for (const all of [gates, sessionGates]) {
          for (const [name, { hold }] of Object.entries(all)) {
            if (!hold || hold.told || signedOut) continue;
            report.tell(...holdEvents(backend, name || null, hold.reason, null, clock.now()));
            told(backend, name || null, all === sessionGates);
          }
        }
      }
    },
    provide,
    async learn(backend, value, scheme, { signOuts, redelivered }) {
      const { auth } = backend.config;
      const live = backend.token;
      if (!auth?.learn || live?.value === value) return;
      if (redelivered && backend.record.last?.digest !== (await digestOf(value, scheme))) return;
      if (!isOverNow(backend, value)) {
        // A failure must not stop the page's own request.
        await logFailure(provide(backend, value, scheme, { learnt: true, signOuts }), 'the release of a hold');
        return;
      }
      const owner = backend.config.owner(value);
      const token: LiveToken = { value, scheme, owner, digest: await digestOf(value, scheme), expiresAt: expiryOf(value), provided: false };
      // An expired token releases no hold.
      const isHeld = authGateOf(backend, owner).hold !== null;
      setSession(backend, session(sessionOf(backend), { type: 'over-token', token, isHeld })[0]);
    },
    async missing(backend, { owner, id, sends }) {
      const { token: live, record } = backend;
      const at = clock.now();
      // A token may have come since the heads were read.
      if (record.signedOut || (live && !isOver(live.expiresAt, clocksOf(backend, at)))) return;
      const hasBegun = await begin(backend, owner, { type: 'missing', digest: live?.digest ?? null, at });
      if (hasBegun && live) log.info(holdLine('auth-expired'), { id, attempt: sends });
    },
  };
}

/** Whether a hold waits for another user than the live token's. */
const isOtherHeld = ({ record, token }: Backend): boolean =>
  Object.entries(record.gates).some(([owner, { hold }]) => hold !== null && owner !== '' && owner !== token?.owner);

/** The owners whose entries wait and need a token; null for an unknown owner. */
const waitingOwners = ({ lanes }: Backend): (string | null)[] =>
  lanes.all().map(credentialOf).flatMap(({ scheme, owner }) => (scheme === null ? [] : [owner]));
