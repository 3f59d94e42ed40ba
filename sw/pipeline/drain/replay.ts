import { isUnder } from '../../policy/base-url.js';
import { readBodyErrors } from '../../policy/body-errors.js';
import { transition, type EntryInput, type FinalAnswer } from '../../policy/entry.js';
import { aboutEntry, type EntryRecord } from '../../policy/entry-record.js';
import type { Answer } from '../../policy/outcome.js';
import type { DeadReason, SyncEvent } from '../../protocol/events.js';
import type { Ports } from '../../ports.js';
import type { EntryInfo } from '../../protocol/api.js';
import type { Backend } from '../backend/backend.js';
import { describeRequest, sizeOf, travelHeaders } from '../send/stored-request.js';
import type { Doubts } from '../workers/doubts.js';
import { answered, reckon } from '../send/judge.js';
import { HOLD_LINE, holdEvents, type Holds } from '../auth/tokens.js';
import type { DescribeEntry } from '../backend/describe-entry.js';
import type { Report } from '../report.js';
import type { State } from '../backend/backends.js';
import { finalAnswer, transmit, type Transmission } from '../send/transmit.js';
import { authorizationOf, authView, configurationOf, gateOf, noteAccepted, stepGate } from '../backend/gates.js';
import type { BackendConfig } from '../../config.js';
import type { Flight } from '../backend/flights.js';

/** Sends one entry once and writes down what came of it. Rejects only when that can't be written. */
export type Replay = (backend: Backend, entry: EntryRecord, flight: Flight) => Promise<void>;

export interface ReplayParts {
  ports: Ports;
  report: Report;
  holds: Holds;
  describe: DescribeEntry;
  state: State;
  doubts: Doubts;
}

export function createReplay({ ports, report, holds, describe, state, doubts }: ReplayParts): Replay {
  const { clock, outbox, log } = ports;

  const settle = async (backend: Backend, { seq, idempotencyKey }: EntryRecord, input: EntryInput, events: SyncEvent[] = []) => {
    try {
      return await report.commit({
        seq,
        backend: backend.record,
        events,
        // Another worker may have put another request in its place, or ended it.
        decide: (current) =>
          current.state === 'pending' && current.idempotencyKey === idempotencyKey ? transition(current, input, clock.now()) : null,
      });
    } catch (error) {
      doubts.add(seq);
      throw error;
    }
  };

  const bury = (backend: Backend, entry: EntryRecord, reason: DeadReason, answer: FinalAnswer | null = null) =>
    settle(backend, entry, { type: 'permanent', reason, answer, block: backend.config.onDead === 'block' });

  return async (backend, head, flight) => {
    const { config } = backend;
    // The head was read a while ago: it may have been cancelled or replaced since.
    const loaded = await outbox.load(head.seq, head.turn).catch(unreadable);
    if (!loaded || flight.cancelled) return;
    const { body, behind } = loaded;
    flight.behind = behind;
    const entry = loaded.entry ?? head;
    if (entry.reason === 'unreadable' || sizeOf(body) !== entry.bodySize)
      return void (await bury(backend, entry, 'unreadable'));

    let request: Request;
    try {
      request = ports.restore({ ...entry.request, headers: travelHeaders(entry) }, body);
    } catch (error) {
      log.warn(`[holdfast] ${entry.id} can't be sent, so it's a dead letter; discard it`, error);
      return void (await bury(backend, entry, 'unsendable'));
    }
    try {
      if (config.beforeSend) request = (await rewritten(request, config.beforeSend, { ...describe(entry), url: entry.request.url })) ?? request;
    } catch (error) {
      log.warn(`[holdfast] beforeSend threw for ${entry.id}, so it's a dead letter; mend the hook and retry it`, error);
      return void (await bury(backend, entry, 'before-send'));
    }

    // From here to the send nothing is awaited. What was planned may not hold any more: another user's
    // token may be the live one by now, or the gate may have closed. Then it's planned anew.
    const startedAt = clock.now();
    const view = authView(backend, entry, startedAt);
    if (flight.cancelled || state.settings.paused || (view !== 'open' && view !== 'probing')) return;
    const token = entry.scheme === null ? null : backend.token;
    const { generation } = gateOf(backend, entry.owner);
    const { signOuts } = backend;
    if (token && !request.headers.has('authorization') && isUnder(request.url, config.baseUrl)) {
      request.headers.set('authorization', authorizationOf(entry, token));
    }
    report.tell({ ...aboutEntry(entry, startedAt), type: 'sending', send: entry.sends + 1 });
    const transmission = await transmit(request, {
      send: ports.send,
      clock,
      timeoutMs: config.networkTimeoutMs,
      signal: flight.abort.signal,
      bearer: /^bearer /i.test(request.headers.get('authorization') ?? ''),
      readsAll: config.auth?.bodyErrors !== undefined,
    });
    if (flight.cancelled) return;
    await judge(backend, entry, flight, transmission, { startedAt, generation, token: token?.value ?? null, signOuts });
  };

  /** Reads what must be read of the answer, and settles the entry by it. */
  async function judge(
    backend: Backend,
    entry: EntryRecord,
    flight: Flight,
    { outcome, response, drop }: Transmission,
    sent: { startedAt: number; generation: number; token: string | null; signOuts: number },
  ): Promise<void> {
    const { config } = backend;
    const verdict = config.classify(outcome);

    if (verdict === 'transient') {
      const input = reckon(backend, entry, sent.startedAt, outcome, ports);
      // Only the last answer is worth reading: it goes with the dead letter.
      if (response && input.delayMs === null) input.answer = await finalAnswer(response, clock);
      else drop();
      flight.settling = true;
      await settle(backend, entry, input).catch((error: unknown) => stall(backend, entry, input, error));
      return;
    }

    const now = clock.now();
    if (outcome.kind === 'answer') answered(backend, outcome, now);
    const { autoRetry } = configurationOf(backend, state.settings);
    if (verdict === 'auth-expired' && autoRetry && sent.token !== null && response) {
      await refused(backend, entry, flight, response, sent);
      return;
    }
    if (outcome.kind === 'answer' && sent.token !== null) {
      stepGate(backend, entry.owner, { type: 'accepted', generation: sent.generation });
    }
    const answer = response && (await finalAnswer(response, clock));
    if (flight.cancelled) return;
    flight.settling = true;
    if (verdict !== 'delivered' || !answer || outcome.kind !== 'answer')
      return void (await bury(backend, entry, outcome.kind === 'answer' && outcome.isPage ? 'redirected' : 'permanent', answer));
    if (sent.token !== null) noteAccepted(backend, sent.token, sent.signOuts);
    const partial = isPartial(backend, outcome);
    if (partial) log.warn(`[holdfast] ${entry.id} is delivered in part: the server refused the rest of the batch for want of a good token`);
    flight.delivered = (await settle(backend, entry, { type: 'delivered', answer, partial })) !== null;
  }

  /** What a page shows of its retries must come to an end. The entry is on disk as it was, so it's still owed. */
  function stall(backend: Backend, entry: EntryRecord, { answer }: EntryInput & { type: 'transient' }, error: unknown): void {
    log.error(`[holdfast] a retry of ${entry.id} can't be written; it stays, and is tried again at the next wake-up`, error);
    backend.stalled.add(entry.seq);
    report.tell({ ...aboutEntry(entry, clock.now()), type: 'failed', reason: 'unwritable', status: answer?.status ?? null });
  }

  /** A JWT 401: the entry stays, and its backend's gate closes, once. */
  async function refused(
    backend: Backend,
    entry: EntryRecord,
    flight: Flight,
    response: Response,
    sent: { generation: number; token: string | null },
  ): Promise<void> {
    const digest = await holds.mark(sent.token ?? '', entry.scheme ?? '');
    const answer: FinalAnswer = await finalAnswer(response, clock);
    if (flight.cancelled) return;
    flight.settling = true;
    const at = clock.now();
    // No event tells of one that was refused behind a closed gate, and a view has it as being sent.
    const refusedAgain = async (input: EntryInput) => {
      await settle(backend, entry, input);
      ports.broadcast({ type: 'changed', key: entry.key, seq: entry.seq });
    };
    if (backend.record.signedOut) return refusedAgain({ type: 'resend' });
    const { effect, undo } = stepGate(backend, entry.owner, { type: 'refused', generation: sent.generation, digest, at });
    if (effect === 'resend') return refusedAgain({ type: 'resend' });
    const { auth, onDead } = backend.config;
    const maxRejections = auth?.maxRejections ?? Infinity;
    const input: EntryInput = { type: 'refused', digest, maxRejections, answer, block: onDead === 'block' };
    const isLast = transition(entry, input, at).entry?.state === 'dead';
    // Then this one entry is the trouble, not the token: the next one may try it.
    if (isLast) undo();
    else if (effect !== 'hold') return refusedAgain(input);
    const events = isLast ? [] : holdEvents(backend, entry.owner, 'auth-expired', entry.id, at);
    try {
      await settle(backend, entry, input, events);
    } catch (error) {
      // Nobody has been told of a hold, so there is none.
      undo();
      throw error;
    }
    if (isLast) return;
    holds.told(backend, entry.owner);
    log.info(HOLD_LINE, { id: entry.id, attempt: entry.sends + 1 });
  }
}

/** Whether a part of a batch was refused for want of a good token. */
const isPartial = ({ config: { auth } }: Backend, answer: Answer): boolean =>
  auth?.bodyErrors !== undefined && readBodyErrors(auth.bodyErrors, answer) === 'partial';

/**
 * What `beforeSend` makes of the request. A body that came out of another request is a stream by now,
 * and Chromium refuses to send streams over HTTP/1.1, so it's read.
 */
async function rewritten(request: Request, beforeSend: NonNullable<BackendConfig['beforeSend']>, entry: EntryInfo): Promise<Request | null> {
  const made = await beforeSend(request, entry);
  if (!made || made === request) return null;
  const bytes = made.method === 'GET' || made.method === 'HEAD' ? null : await made.arrayBuffer();
  return new Request(made.url, {
    ...describeRequest(made, Object.fromEntries(made.headers)),
    ...(bytes && bytes.byteLength > 0 && { body: bytes }),
  } as RequestInit);
}

/** A body that the browser has lost ends its entry; any other trouble of the storage passes. */
function unreadable(error: unknown): { entry: null; body: null; behind: null } {
  if (error instanceof DOMException && error.name === 'NotReadableError') return { entry: null, body: null, behind: null };
  throw error;
}
