import type { BackendConfig } from '../../config.js';
import { isUnder } from '../../policy/base-url.js';
import { readBodyErrors } from '../../policy/body-errors.js';
import { aboutEntry, asSent, type EntryRecord, type Mended, type StoredRequest } from '../../policy/entry-record.js';
import type { EntryInput, SendInput } from '../../policy/entry-decision.js';
import { transition } from '../../policy/entry.js';
import { planSends } from '../../policy/lanes.js';
import type { Answer } from '../../policy/outcome.js';
import type { Body, EtagChange, Ports } from '../../ports.js';
import type { EntryInfo } from '../../protocol/api.js';
import type { DeadReason, SyncEvent } from '../../protocol/events.js';
import { IDEMPOTENCY_HEADER } from '../../protocol/headers.js';
import type { Backend } from '../backend/backend.js';
import type { State } from '../backend/backends.js';
import type { DescribeEntry } from '../backend/describe-entry.js';
import { createDeadline } from '../deadline.js';
import type { Flight } from '../backend/flights.js';
import { authorizationOf, authGateOf, viewOf } from '../backend/gates.js';
import type { CsrfFor } from '../auth/csrf.js';
import type { Holds } from '../auth/tokens.js';
import type { Line } from '../line.js';
import type { Providers } from '../providers.js';
import type { Report } from '../report.js';
import type { Judge, Again, Final } from '../send/judge.js';
import { followed, mannerOf, type Manner } from '../send/second-look.js';
import { withIds, type RealIdIn } from '../send/real-ids.js';
import { describeRequest, sizeOf, travelHeaders } from '../send/stored-request.js';
import { finalAnswer, transmit, type Transmission } from '../send/transmit.js';
import type { Doubts } from '../workers/doubts.js';
import type { Neighbours } from '../workers/neighbours.js';
import type { FinalAnswer } from '../../policy/settlement.js';
import { createEtags } from './etags.js';
import { createMend, type Met } from './mend.js';

/**
 * Sends one entry once and writes the result; a delivery may still be being written afterwards (`flight.writing`). Rejects only
 * when the result can't be written, or the entry can't be read.
 */
export type Replay = (backend: Backend, entry: EntryRecord, flight: Flight) => Promise<void>;

/** What was sent. */
interface Made {
  /** Makes the page's own request once more. */
  request(): Request;
  /** The `If-Match` that went out; null for none. */
  condition: string | null;
}

export interface ReplayParts {
  ports: Ports;
  report: Report;
  judge: Judge;
  holds: Pick<Holds, 'missingCsrf'>;
  csrfFor: CsrfFor;
  describe: DescribeEntry;
  state: State;
  doubts: Doubts;
  line: Line;
  neighbours: Neighbours;
  providers: Providers;
  realIdIn: RealIdIn;
}

export function createReplay({ ports, report, judge, holds, csrfFor, describe, state, doubts, line, neighbours, providers, realIdIn }: ReplayParts): Replay {
  const { clock, outbox, log } = ports;
  const deadline = createDeadline(ports);
  const mend = createMend(ports, describe, deadline);
  const etags = createEtags(ports);

  /**
   * Whether the next entry of a lane is sent while a delivery is being written. First a change of the backend is written: the
   * next worker goes by it, when it asks which entries may have been sent.
   */
  const isAhead = ({ config, record, recordOnDisk }: Backend): boolean => config.replayAhead > 1 && record === recordOnDisk && neighbours.isAlone();

  /** The entry with its body, where both are known without a look at the disk. */
  function known(seq: number): { entry: EntryRecord; body: Body | null } | null {
    const entry = line.entry(seq);
    return entry && (entry.body || entry.bodySize === 0) && entry.reason !== 'unreadable' ? { entry, body: entry.body ?? null } : null;
  }

  const settle = async (backend: Backend, { seq, requestId, provides }: EntryRecord, input: EntryInput, events: SyncEvent[] = [], changes: EtagChange[] = []) => {
    const { record } = backend;
    try {
      const write = input.type === 'delivered' && isAhead(backend) && provides === undefined ? report.deliver : report.commit;
      const decision = await write({
        seq,
        backend: record,
        events,
        etags: changes,
        // Another worker may have replaced the entry's request, or ended the entry.
        decide: (current) => (current.requestId === requestId ? transition(current, input, clock.now()) : null),
      });
      backend.recordOnDisk = record;
      return decision;
    } catch (error) {
      doubts.add(seq);
      throw error;
    }
  };

  const toDeadLetter = (backend: Backend, entry: EntryRecord, reason: DeadReason, answer: FinalAnswer | null = null, kept = false) =>
    settle(backend, entry, { type: 'permanent', reason, answer, block: backend.config.onDead === 'block', kept });

  return async (backend, head, flight) => {
    const { config } = backend;
    // The head was read a while ago, and its entry may have been cancelled or replaced since.
    const loaded = known(head.seq) ?? (await outbox.load(head.seq).catch(unreadable));
    if (!loaded || flight.cancelled) return;
    let { body } = loaded;
    let entry = doubts.on(loaded.entry ?? head);
    if (entry.reason === 'unreadable' || sizeOf(body) !== entry.bodySize)
      return void (await toDeadLetter(backend, entry, 'unreadable'));

    if (entry.awaits) {
      if (providers.standing(entry.awaits) !== 'ready') return;
      const realIds = providers.realIds(entry.awaits);
      const { mended } = entry;
      const own = await withIds(entry.request, body, realIds);
      const sent = mended && (await withIds(mended.request, mended.body ?? null, realIds));
      body = own.body;
      entry = {
        ...entry,
        request: { ...entry.request, url: own.url },
        ...(sent && { mended: { request: { ...mended.request, url: sent.url }, ...(mended.body !== undefined && { body: sent.body as ArrayBuffer | null }) } }),
      };
    }

    const restored = (from: EntryRecord, content: Body | null) => {
      const { isKeyed, ...manner } = mannerOf(from, backend);
      return ports.restore({ ...from.request, ...manner, headers: isKeyed ? travelHeaders(from) : from.request.headers }, content);
    };
    const etag = config.followsEtags ? await etags.followed(backend, entry) : null;
    let request: Request;
    try {
      const { mended = {} as Partial<Mended> } = entry;
      request = restored(asSent(entry), mended.body === undefined ? body : mended.body);
      if (etag !== null) request.headers.set('if-match', etag);
    } catch (error) {
      log.warn(`[holdfast] ${entry.id} can't be sent, so it's a dead letter; discard it`, error);
      return void (await toDeadLetter(backend, entry, 'unsendable'));
    }
    try {
      const { beforeSend } = config;
      if (beforeSend) {
        const rewriting = () => rewritten(request, beforeSend, { ...describe(entry), url: entry.request.url });
        request = (await deadline('beforeSend', rewriting, flight.abort.signal)) ?? request;
      }
    } catch (error) {
      if (flight.cancelled) return;
      log.warn(`[holdfast] beforeSend threw for ${entry.id}, so it's a dead letter; mend the hook and retry it`, error);
      return void (await toDeadLetter(backend, entry, 'before-send'));
    }

    const isOurs = [config.baseUrl, ...config.formerly].some((base) => isUnder(request.url, base));
    const csrf = entry.csrf && isOurs ? await csrfFor(backend, entry) : {};
    // The entry is planned once more, and nothing is awaited from here to the send: since the plan, another user's token may have become
    // the live one, the gate may have closed, the circuit may have opened, or an update may have replaced this worker. Then the
    // drain, or the newer worker's, plans the entry anew.
    const startedAt = clock.now();
    const plan = planSends([entry], viewOf(backend, backend.isRetryGateClosed, startedAt, flight), startedAt);
    if (flight.cancelled || state.settings.paused || !ports.isActive() || plan.send.length === 0) return;
    if (!csrf) return holds.missingCsrf(backend, entry.owner);
    const { generation } = authGateOf(backend, entry.owner, entry.session);
    const { signOuts } = backend;
    // A credential of `beforeSend`'s own stays, and its refusal isn't the live token's.
    const token = entry.scheme !== null && !request.headers.has('authorization') && isOurs ? backend.token : null;
    if (token) request.headers.set('authorization', authorizationOf(entry, token));
    for (const [name, value] of Object.entries(csrf)) request.headers.set(name, value);
    report.tell({ ...aboutEntry(entry, startedAt), type: 'sending', send: entry.sends + 1 });
    const send = (sent: Request) =>
      transmit(sent, {
        send: ports.send,
        clock,
        timeoutMs: config.networkTimeoutMs,
        signal: flight.abort.signal,
        bearer: /^bearer /i.test(request.headers.get('authorization') ?? ''),
        csrf: entry.csrf !== undefined,
        readsAll: config.auth?.bodyErrors !== undefined,
        readsConflicts: true,
      });
    const copy = request.redirect === 'manual' ? request.clone() : null;
    let transmission = await send(request);
    if (copy && transmission.outcome.kind === 'answer' && transmission.outcome.opaque) {
      // The browser refuses to follow the redirect with our key.
      const { mode, redirect } = entry.request as StoredRequest & Manner;
      const keyless = new Request(copy, { mode, redirect });
      keyless.headers.delete(IDEMPOTENCY_HEADER);
      transmission = await followed(backend, asSent(entry), send(keyless));
    }
    if (flight.cancelled) return;
    const sent = { entry, startedAt, credential: token?.value ?? null, digest: token?.digest ?? null, generation, signOuts, csrf, isFirst: false };
    const judgement = await judge(backend, sent, flight, transmission);
    if (flight.cancelled) return;
    const made = { request: () => restored(entry, body), condition: request.headers.get('if-match') };
    if (judgement.kind === 'again') await sendAgain(backend, entry, flight, transmission, made, judgement);
    else await end(backend, entry, flight, transmission, made, judgement);
  };

  /** Writes what the app's `onConflict` says of an entry that met a newer version. False where the conflict is a failure as any other. */
  async function isMended(backend: Backend, entry: EntryRecord, flight: Flight, met: Met): Promise<boolean> {
    const mended = await mend(backend, entry, flight, met);
    if (flight.cancelled) return true;
    flight.settling = true;
    if (mended) await settle(backend, entry, mended);
    return mended !== null;
  }

  /** The entry stays, unless it has been tried, or refused, often enough. */
  async function sendAgain(backend: Backend, entry: EntryRecord, flight: Flight, { response, drop }: Transmission, { request }: Made, { input, events, hold }: Again): Promise<void> {
    if (input.type === 'transient') {
      // Only the last answer is read in full, as it's the dead letter's.
      if (response && input.delayMs === null) input.answer = await finalAnswer(response, clock);
      else drop();
      // A 409 may mean that the first attempt is under way, until the retries are used up.
      if (input.reason === 'server-error' && input.delayMs === null && (await isMended(backend, entry, flight, { request, answer: input.answer }))) return;
      flight.settling = true;
      const decision = await settle(backend, entry, input).catch((error: unknown) => stopRetrying(backend, entry, input, error));
      if (!input.answer && decision?.entry?.state === 'dead') log.warn(`[holdfast] ${entry.id} ${SHUNNED}`);
      return;
    }
    // An entry's last refusal is the entry's own affair: no hold begins, and the next entry may try the token.
    const isLast = transition(entry, input, clock.now())?.entry?.state === 'dead';
    if (isLast) hold?.undo();
    try {
      await settle(backend, entry, input, isLast ? [] : events);
    } catch (error) {
      hold?.undo();
      throw error;
    }
    if (isLast) return;
    if (hold) hold.written();
    // A refusal behind a closed gate has no event of its own; views still show the entry as sending, so they are told.
    else ports.broadcast({ type: 'changed', key: entry.key, seq: entry.seq });
  }

  /** Ends an entry by the server's answer: it's delivered, or a dead letter. */
  async function end(backend: Backend, entry: EntryRecord, flight: Flight, { outcome, response }: Transmission, { request, condition }: Made, { isDelivered, kept = false }: Final): Promise<void> {
    const answer = response && (await finalAnswer(response, clock));
    if (flight.cancelled || (!isDelivered && (await isMended(backend, entry, flight, { request, answer })))) return;
    flight.settling = true;
    if (!isDelivered || !answer || outcome.kind !== 'answer') {
      const isPage = outcome.kind === 'answer' && outcome.isPage;
      return void (await toDeadLetter(backend, entry, isPage ? 'redirected' : outcome.kind === 'unsendable' ? 'unsendable' : 'permanent', answer, kept));
    }
    const partial = isPartial(backend, outcome);
    if (partial) log.warn(`[holdfast] ${entry.id} is delivered in part: the rest of the batch was refused for want of a good token`);
    const changes = backend.config.followsEtags ? await etags.delivered(backend, entry, condition, answer).catch(() => []) : [];
    const real = entry.provides === undefined ? null : await realIdIn(backend, answer);
    const writing = settle(backend, entry, { type: 'delivered', answer, partial, kept, real }, [], changes);
    // Whoever names the temporary id goes out once it's on disk what the id stands for.
    if (!isAhead(backend) || entry.provides !== undefined) return void (await writing);
    // Where the entry isn't there to be written off, nobody knows what is.
    flight.writing = writing.then((decision) => decision ?? line.forget());
    flight.isDelivered = true;
    line.changed(entry.seq, null);
  }

  /** Ends the retries of an entry whose retry can't be written, until the next wake-up, and tells pages so. The entry stays on disk unchanged. */
  function stopRetrying(backend: Backend, entry: EntryRecord, { answer }: SendInput & { type: 'transient' }, error: unknown): void {
    log.error(`[holdfast] a retry of ${entry.id} can't be written, and is tried again at the next wake-up`, error);
    backend.stalled.add(entry.seq);
    report.tell({ ...aboutEntry(entry, clock.now()), type: 'failed', reason: 'unwritable', status: answer?.status ?? null });
  }
}

const SHUNNED =
  'gets no answer, though the server answers others, so it\'s a dead letter: it may be too large, its answer may lack CORS headers, or something on the way blocks it';

/** Whether a part of a batch was refused for want of a good token. */
const isPartial = ({ config: { auth } }: Backend, answer: Answer): boolean =>
  auth?.bodyErrors !== undefined && readBodyErrors(auth.bodyErrors, answer) === 'partial';

/**
 * The request that `beforeSend` makes; null when it changes nothing. The body is read, as a body taken from another
 * request is a stream, and Chromium refuses to send streams over HTTP/1.1.
 */
async function rewritten(request: Request, beforeSend: NonNullable<BackendConfig['beforeSend']>, entry: EntryInfo): Promise<Request | null> {
  const made = await beforeSend(request, entry);
  if (!made || made === request) return null;
  const bytes = made.method === 'GET' || made.method === 'HEAD' ? null : await made.arrayBuffer();
  return new Request(made.url, {
    ...describeRequest(made, Object.fromEntries(made.headers)),
    // Another origin can't be reached in the mode that keeps our key within the origin.
    ...(new URL(made.url).origin !== new URL(request.url).origin && { mode: 'cors' }),
    ...(bytes && bytes.byteLength > 0 && { body: bytes }),
  } as RequestInit);
}

/** Turns the error for a body that the browser has lost into an empty load, which ends the entry; rethrows any other error. */
function unreadable(error: unknown): { entry: null; body: null } {
  if (error instanceof DOMException && error.name === 'NotReadableError') return { entry: null, body: null };
  throw error;
}
