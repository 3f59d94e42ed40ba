import type { TokenResult } from '../../protocol/api.js';
import type { HoldReason, SyncEvent } from '../../protocol/events.js';
import { credentialOf, type EntryRecord } from '../../policy/entry-record.js';
import { decodeJwt, expiryOf, isOlder, isOver, issuedAt } from '../../policy/jwt.js';
import type { Ports } from '../../ports.js';
import type { Backend, LiveToken } from '../backend/backend.js';
import type { Report } from '../report.js';
import { noteLateToken } from '../backend/server-clock.js';
import { clocksOf, gateOf, markTold, stepGate, type GateStep } from '../backend/gates.js';
import type { SignedOut } from '../../policy/backend-record.js';

/** The auth hold: tokens in, releases out. */
export interface Holds {
  /**
   * Takes a token for a backend.
   *
   * @param signOuts that there had been when it came
   */
  provide(backend: Backend, value: string, scheme: string, signOuts: number): Promise<TokenResult>;
  /** Learns the token of a request that the page makes itself. */
  learn(backend: Backend, value: string, scheme: string, origin: TokenOrigin): Promise<void>;
  /** An entry needs a token, and there's none, or the one that's there is over by its own word: a hold before the send. */
  missing(backend: Backend, entry: Pick<EntryRecord, 'owner' | 'id' | 'sends'>): Promise<void>;
  /** Pages have been told of a hold: written down, for the worker that finds it on disk. */
  told(backend: Backend, owner: string | null): void;
  /** Tells of the holds that an earlier worker has written and not lived to tell of. */
  tellUntold(backends: Iterable<Backend>): void;
  /** To know a refused or forgotten token by. */
  mark(value: string, scheme: string): Promise<string>;
}

/** The request that a token is learnt from. */
export interface TokenOrigin {
  /** Sign-outs there had been when it came. */
  signOuts: number;
  /** The browser has given its event to a second worker. Its token is only learnt where it's the one known last. */
  redelivered: boolean;
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

  /** Whether a token that has just come is over. One that seems to be tells of the clocks. */
  const isOverNow = (backend: Backend, value: string) => {
    const now = clock.now();
    const expiresAt = expiryOf(value);
    if (!isOver(expiresAt, clocksOf(backend, now))) return false;
    const { iat } = decodeJwt(value) ?? {};
    if (iat !== undefined) noteLateToken(backend, iat, now);
    return isOver(expiresAt, clocksOf(backend, now));
  };

  const provide = async (backend: Backend, value: string, scheme: string, { learnt, signOuts }: Came): Promise<TokenResult> => {
    const owner = backend.config.owner(value);
    const ready = Promise.all([mark(value, scheme), backend.taking]);
    backend.taking = ready.catch(() => {});
    const [own] = await ready;
    const { token: live, record: before } = backend;
    const { signedOut } = before;
    const waiting = waitingOwners(backend);
    const isLive = live?.value === value && live.scheme === scheme;
    if (isLive && !learnt) backend.token = { ...live, provided: true };
    if (isLive && !gateOf(backend, owner).hold) return isOtherHeld(backend) ? 'other-owner' : 'ignored: same-token';
    // What was on its way at a sign-out signs nobody in, nor does a page that hasn't heard of it yet.
    if (backend.signOuts !== signOuts) return 'ignored: same-token';
    if (learnt && signedOut && isForgotten(backend, signedOut, value, own)) return 'ignored: same-token';
    if (learnt && live?.owner === owner && isOlder(value, live.value)) return 'ignored: same-token';
    if (learnt && isOfEarlierUser(backend, value, owner, clock.now())) return 'ignored: same-token';

    const token = { type: 'token', digest: own, expired: isOverNow(backend, value), learnt } as const;
    const step = stepGate(backend, owner, token);
    if (step.effect === 'ignore-same') return 'ignored: same-token';
    if (step.effect === 'ignore-expired') return 'ignored: expired';
    const steps: ({ whose: string | null } & GateStep)[] = [{ whose: owner, ...step }];
    // Entries whose owner nobody knows travel with any token.
    if (owner !== null) steps.push({ whose: null, ...stepGate(backend, null, token) });
    const undo = goLive(backend, { value, scheme, owner, digest: own, expiresAt: expiryOf(value), provided: !learnt });
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

  const told = (backend: Backend, owner: string | null) => {
    if (markTold(backend, owner)) void written(report.commit({ backend: backend.record }), 'who was told of a hold');
  };

  return {
    mark,
    told,
    tellUntold(backends) {
      for (const backend of backends) {
        const { gates, signedOut } = backend.record;
        for (const [name, { hold }] of Object.entries(gates)) {
          if (!hold || hold.told || signedOut) continue;
          report.tell(...holdEvents(backend, name || null, hold.reason, null, clock.now()));
          told(backend, name || null);
        }
      }
    },
    provide: (backend, value, scheme, signOuts) => provide(backend, value, scheme, { learnt: false, signOuts }),
    async learn(backend, value, scheme, { signOuts, redelivered }) {
      const { auth } = backend.config;
      const live = backend.token;
      if (!auth?.learn || live?.value === value) return;
      if (redelivered && backend.record.last?.digest !== (await mark(value, scheme))) return;
      if (!isOverNow(backend, value)) {
        // The page wants its request sent, whatever becomes of the others.
        await written(provide(backend, value, scheme, { learnt: true, signOuts }), 'the release of a hold');
        return;
      }
      const owner = backend.config.owner(value);
      const own = await mark(value, scheme);
      // It releases nothing. But when it's all there is, it says whose session is over.
      const isAll = !backend.token && !gateOf(backend, owner).hold && !backend.record.signedOut;
      if (isAll) goLive(backend, { value, scheme, owner, digest: own, expiresAt: expiryOf(value), provided: false });
    },
    async missing(backend, { owner, id, sends }) {
      const { token: live, record } = backend;
      const at = clock.now();
      // One may have come since the heads were read.
      if (record.signedOut || (live && !isOver(live.expiresAt, clocksOf(backend, at)))) return;
      const { effect, undo } = stepGate(backend, owner, { type: 'missing', digest: live?.digest ?? null, at });
      if (effect !== 'hold') return;
      const events = holdEvents(backend, owner, live ? 'auth-expired' : 'token-missing', null, at);
      try {
        await report.commit({ backend: backend.record, events });
      } catch (error) {
        // Nobody has been told of a hold, so there is none.
        undo();
        throw error;
      }
      told(backend, owner);
      if (live) log.info(HOLD_LINE, { id, attempt: sends });
    },
  };
}

/** What the console says of a hold on an expired token: the entry, and how many sends of it have failed or were refused. */
export const HOLD_LINE = '[holdfast] hold — auth expired';

/** Makes it the live token. Gives the way back. */
function goLive(backend: Backend, token: LiveToken): () => void {
  const { token: live, record } = backend;
  const { value, owner, digest } = token;
  const { last, signedOut, epoch } = record;
  backend.token = token;
  backend.record = {
    ...record,
    signedOut: null,
    last: { owner, digest, expiresAt: token.expiresAt, issuedAt: issuedAt(value) },
    epoch: signedOut ? epoch + 1 : epoch,
  };
  return () => {
    if (backend.token !== token) return;
    backend.token = live;
    backend.record = { ...backend.record, signedOut, last, epoch };
  };
}

/**
 * Whether it's the token that was forgotten at the sign-out, one that was made no later than that, or before the sign-out:
 * a write that was on its way brings it, or a page that hasn't heard.
 */
function isForgotten(backend: Backend, { forgotten, since }: SignedOut, value: string, digest: string): boolean {
  const { iat = Infinity } = decodeJwt(value) ?? {};
  const { server } = clocksOf(backend, since);
  // It's told in full seconds, and only the server's clock can be held against it.
  if (server !== null && (iat + 1) * 1000 <= server) return true;
  const made = issuedAt(value);
  return forgotten?.digest === digest || (made !== null && made <= (forgotten?.issuedAt ?? -Infinity));
}

/**
 * Whether the last token is another user's, was made later, and isn't over: the request of a page that hasn't heard of that
 * one's sign-in. Where the app leaves it to requests to tell who is signed in, the last one counts.
 */
function isOfEarlierUser(backend: Backend, value: string, owner: string | null, now: number): boolean {
  const { token: live, record: { last } } = backend;
  if (!last || last.owner === owner || live?.provided === false || isOver(last.expiresAt, clocksOf(backend, now))) return false;
  const made = issuedAt(value);
  return made !== null && last.issuedAt !== null && made < last.issuedAt;
}

/** Whether a hold waits for another user than the one whose token is live. */
const isOtherHeld = ({ record, token }: Backend): boolean =>
  Object.entries(record.gates).some(([owner, { hold }]) => hold !== null && owner !== '' && owner !== token?.owner);

/** Whose token something waits for. */
const waitingOwners = ({ lanes }: Backend): (string | null)[] =>
  lanes.all().map(credentialOf).flatMap(({ scheme, owner }) => (scheme === null ? [] : [owner]));

export const aboutGate = ({ config: { baseUrl, namespace } }: Backend, owner: string | null, at: number) => ({
  at,
  baseUrl,
  namespace,
  owner,
});

export const releasedEvent = (backend: Backend, owner: string | null, at: number): SyncEvent => ({
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
