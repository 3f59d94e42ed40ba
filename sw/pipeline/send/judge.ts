import type { EntryRecord } from '../../policy/entry-record.js';
import type { SendInput } from '../../policy/entry-decision.js';
import { SHUNNED_LIMIT } from '../../policy/entry.js';
import { freshKeyFor, isKept, verdictUnderKey } from '../../policy/idempotency.js';
import { isKeyUnused, type KeyHistory } from '../../policy/key-history.js';
import type { Answer, Verdict } from '../../policy/outcome.js';
import { csrfRefusal, isSessionOver } from '../../policy/session-refusal.js';
import type { Ports } from '../../ports.js';
import type { SyncEvent, WaitReason } from '../../protocol/events.js';
import type { CsrfFor, CsrfHeaders } from '../auth/csrf.js';
import { holdEvents, holdLine } from '../auth/hold-events.js';
import type { Holds } from '../auth/tokens.js';
import type { Backend } from '../backend/backend.js';
import type { State } from '../backend/backends.js';
import type { Flight } from '../backend/flights.js';
import { authGateOf, configurationOf, noteAccepted, stepAuthGate } from '../backend/gates.js';
import { isCut, recordAnswer, recordBusy, recordFailure, withoutBody, type Failing } from './records.js';
import { finalAnswer, type Transmission } from './transmit.js';

/** The facts about a send that its judgement needs: of a page's first send, or of a replay. */
export interface Sent {
  /** The entry, or the draft of an entry for a request that isn't stored. */
  entry: Failing & KeyHistory & Pick<EntryRecord, 'owner' | 'scheme' | 'session' | 'csrf' | 'refusals' | 'idempotencyKey' | 'pagesKey' | 'inProgress'>;
  /** When the send began. */
  startedAt: number;
  /** The credential of the send, without its scheme; null for none. */
  credential: string | null;
  /** The digest of the live token, as it was made when the token came: an entry may send the token by another scheme. Null for a page's own credential. */
  digest: string | null;
  /** The generation of the token, or of the cookie session, at the send. */
  generation: number;
  /** The backend's count of sign-outs when the send began. */
  signOuts: number;
  /** The CSRF headers of the send; {} for none. */
  csrf: CsrfHeaders;
  /**
   * The send is the page's own. It isn't held with `on401: 'pass'`, nor for its cookie session, as the page is to hear that; its token doesn't count against
   * the entry, as the token may have been old; and it leaves no dead letter: a final failure is the page's answer.
   */
  isFirst: boolean;
}

/** The judgement on a send. */
export type Judgement =
  /** The answer, or the failure, is final. */
  | ({ kind: 'final' } & Final)
  /** The request is to be sent again, unless its transition finds that it has been tried often enough. */
  | ({ kind: 'again' } & Again);

export interface Final {
  isDelivered: boolean;
  /** The server keeps the answer under the idempotency key, and has given it before. */
  kept?: boolean;
}

export interface Again {
  reason: WaitReason;
  input: SendInput;
  /** Events to emit once the input is on disk. */
  events: SyncEvent[];
  /** The hold that the send has begun, if any. */
  hold: BegunHold | null;
}

/** A hold whose gate is closed in memory, and not on disk yet. */
export interface BegunHold {
  /** Notes that the hold is on disk, and that pages have been told. */
  written(): void;
  /** Opens the gate again: the hold can't be written, or the entry alone was refused. Pages aren't told. */
  undo(): void;
}

export interface JudgeParts {
  ports: Pick<Ports, 'clock' | 'chance' | 'log'>;
  holds: Holds;
  csrfFor: CsrfFor;
  state: State;
}

/**
 * Judges a send by its outcome, for first sends and for replays, and updates the backend's circuit and auth gate. A hold is
 * begun here; `sendAgain` in `drain/replay.ts` undoes the hold when the refusal is the entry's last.
 */
export type Judge = (backend: Backend, sent: Sent, flight: Flight, transmission: Transmission) => Promise<Judgement>;

export function createJudge({ ports, holds, csrfFor, state }: JudgeParts): Judge {
  const { clock, log } = ports;

  /** The reason for which an answer holds the entry; null where it doesn't. */
  const holdReason = (backend: Backend, { entry, credential, isFirst }: Sent, answer: Answer, verdict: Verdict): Refused['reason'] | null => {
    if (!configurationOf(backend, state.settings).autoRetry) return null;
    if (entry.session) return !isFirst && isSessionOver(answer, verdict) ? 'session-expired' : null;
    const isHeld = isFirst ? backend.config.auth?.on401 === 'hold' && entry.scheme !== null : credential !== null;
    return isHeld && verdict === 'auth-expired' ? 'auth-expired' : null;
  };

  /** Judges a send whose token, or session, was refused: the entry stays, and the gate closes, unless it was renewed meanwhile. */
  async function refused(backend: Backend, sent: Sent, flight: Flight, { answer, response, reason, unsure = false }: Refused): Promise<Judgement> {
    const { entry, isFirst } = sent;
    const session = reason !== 'auth-expired';
    const generation = session && !entry.session ? Infinity : sent.generation;
    // A session has no digest. Its renewals are counted, and the first refusal comes before any.
    const digest = session ? `${reason} ${authGateOf(backend, entry.owner, true).generation}` : (sent.digest ?? (await holds.digestOf(sent.credential ?? '', entry.scheme ?? '')));
    const kept = isFirst || !response ? withoutBody(answer) : await finalAnswer(response, clock);
    if (flight.cancelled) return UNDELIVERED;
    flight.settling = true;
    const at = clock.now();
    const freshKey = entry.pagesKey ? null : freshKeyFor(entry, backend.config.idempotencyKey, ports.chance.uuid());
    // A refusal that the server keeps under the key was an earlier token's. Under a key that's new there's none to keep.
    const isOld = isKept(answer.headers) && freshKey !== null && !isKeyUnused(entry);
    const resend: Judgement = { kind: 'again', reason, input: { type: 'resend', reason, status: answer.status, freshKey, kept: isOld }, events: [], hold: null };
    const { signedOut } = backend.record;
    // After a sign-out nobody is asked for a token; the entry goes out with its user's next token.
    if (isOld || (signedOut && !session)) return resend;
    const { effect, undo } = stepAuthGate(backend, entry.owner, { type: 'refused', generation, digest: session ? null : digest, reason, unsure, at }, session);
    if (effect === 'resend') return resend;
    const { auth, onDead } = backend.config;
    const maxRejections = auth?.maxRejections ?? Infinity;
    const written = () => {
      holds.told(backend, entry.owner, session);
      log.info(holdLine(reason), { id: entry.id, attempt: entry.sends + 1 });
    };
    return {
      kind: 'again',
      reason,
      input: isFirst
        ? { type: 'refused', reason, digest: null, maxRejections: Infinity, answer: kept, block: false, freshKey }
        : { type: 'refused', reason, digest, maxRejections: session ? maxRejections + 1 + entry.refusals.filter((other) => !other.startsWith(reason)).length : maxRejections, answer: kept, block: onDead === 'block', freshKey },
      events: effect === 'hold' && !signedOut ? holdEvents(backend, entry.owner, reason, entry.id, at) : [],
      hold: effect === 'hold' ? { written, undo } : null,
    };
  }

  /** Judges a replay whose CSRF token may have been refused: sends once more with a fresh one, then holds. Null where the answer means something else. */
  async function csrfRefused(backend: Backend, sent: Sent, flight: Flight, refusal: ReturnType<typeof csrfRefusal>, { answer, response, drop }: CsrfAnswer): Promise<Judgement | null> {
    const { entry: { id, csrf = [] } } = sent;
    const fresh = await csrfFor(backend, sent.entry);
    const isSecond = backend.csrf.resent.has(id);
    const isNewer = fresh !== null && csrf.some((name) => fresh[name] !== sent.csrf[name]);
    if (refusal !== 'yes' && (isSecond || (refusal === 'if-stale' && !isNewer))) return null;
    backend.csrf.resent.add(id);
    if (isSecond || !isNewer) {
      backend.csrf.refused = sent.csrf;
      return refused(backend, sent, flight, { answer, response, reason: 'csrf-expired', unsure: refusal !== 'yes' });
    }
    if (flight.cancelled) return UNDELIVERED;
    flight.settling = true;
    drop();
    return { kind: 'again', reason: 'csrf-expired', input: { type: 'resend', reason: 'csrf-expired', status: answer.status }, events: [], hold: null };
  }

  /** Records that a request by cookie session wasn't refused: a delivery of a send that began after the hold ends the hold. */
  function accepted(backend: Backend, { entry: { id, owner, session }, generation: sentUnder, startedAt }: Sent, isDelivered: boolean): void {
    const { hold, generation } = authGateOf(backend, owner, true);
    backend.csrf.resent.delete(id);
    if (!hold) stepAuthGate(backend, owner, { type: 'served', generation: session ? sentUnder : generation }, true);
    else if (isDelivered && startedAt >= hold.since) holds.renewed(backend, owner);
  }

  /**
   * Whether a HEAD has shown that the backend answers, though a replay got no answer. The validation before the replay has
   * asked already; where nothing is validated, the HEAD is sent after the second failure, and with `validate: false` after the fifth.
   */
  const isWitnessed = ({ validation, config }: Backend, { sentAt, unreachable }: Failing, { abort }: Flight): boolean | Promise<boolean> =>
    validation.answeredAt >= sentAt || (config.validate === null && unreachable >= (config.witness ? 1 : SHUNNED_LIMIT - 1) && validation.isBackendThere(abort.signal, config.witness ?? config.baseUrl));

  return async (backend, sent, flight, { outcome, response, drop }) => {
    const { config } = backend;
    const { entry, isFirst } = sent;
    if (isCut(outcome) && !isFirst && (await isWitnessed(backend, entry, flight))) outcome = { ...outcome, witnessed: true };
    if (outcome.kind === 'unsendable') log.warn(`[holdfast] ${outcome.message}`);
    let verdict = config.classify(outcome);
    if (outcome.kind === 'answer') {
      const underKey = verdictUnderKey(verdict, outcome, sent, config.busyCodes);
      if (underKey === 'in-progress') {
        const input = recordBusy(backend, entry, outcome, ports);
        return { kind: 'again', reason: input.reason, input, events: [], hold: null };
      }
      verdict = underKey;
    }
    if (verdict === 'transient' && outcome.kind !== 'aborted') {
      // With `maxRetries: 0` a first send is never stored for an answer, whatever it says.
      if (isFirst && outcome.kind === 'answer' && config.maxRetries === 0) return UNDELIVERED;
      const input = recordFailure(backend, entry, sent.startedAt, outcome, ports);
      // A policy that gives up at once wants no retry either.
      if (isFirst && input.delayMs === null) return UNDELIVERED;
      return { kind: 'again', reason: input.reason, input, events: [], hold: null };
    }
    if (outcome.kind !== 'answer') return UNDELIVERED;
    recordAnswer(backend, outcome, clock.now());
    const refusal = isFirst || !entry.csrf || !configurationOf(backend, state.settings).autoRetry ? null : csrfRefusal(outcome, verdict);
    const judgement = refusal && (await csrfRefused(backend, sent, flight, refusal, { answer: outcome, response, drop }));
    if (judgement) return judgement;
    const reason = holdReason(backend, sent, outcome, verdict);
    // A request whose session is over may get another CSRF token along with the new session.
    if (reason === 'session-expired') backend.csrf.resent.delete(entry.id);
    if (reason) return refused(backend, sent, flight, { answer: outcome, response, reason });
    const isDelivered = verdict === 'delivered';
    // A 401 that's about another credential doesn't show whether the token was taken, nor does a login page.
    if (sent.credential !== null && verdict !== 'auth-expired' && outcome.status !== 401 && !outcome.isPage) {
      stepAuthGate(backend, entry.owner, { type: 'served', generation: sent.generation });
      if (isDelivered) noteAccepted(backend, sent.credential, sent.signOuts);
    }
    if ((entry.session || entry.csrf) && outcome.status !== 401 && !outcome.isPage) accepted(backend, sent, isDelivered);
    return { kind: 'final', isDelivered, kept: isKept(outcome.headers) };
  };
}

/** What a refusal says, and of what. */
interface Refused {
  answer: Answer;
  response: Response | null;
  reason: 'auth-expired' | 'session-expired' | 'csrf-expired';
  /** The answer may mean something else than the CSRF token. @default false */
  unsure?: boolean;
}

interface CsrfAnswer extends Pick<Transmission, 'response' | 'drop'> {
  answer: Answer;
}

const UNDELIVERED: Judgement = { kind: 'final', isDelivered: false };
