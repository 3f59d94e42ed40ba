import type { SyncApi } from '../../sw/protocol/api.js';
import { addedJitter } from '../../sw/policy/backoff.js';
import { classify } from '../../sw/policy/classify.js';
import type { Outcome } from '../../sw/policy/outcome.js';
import { retryAfterMs } from '../../sw/policy/retry-after.js';
import type { RetryGate } from '../../sw/policy/retry-gate.js';
import { unlessAborted, wait, type After } from '../wait.js';
import { outcomeOf } from './answer.js';
import { checkpointWriter } from './checkpoint-writer.js';
import { StreamError } from './errors.js';
import type { StreamEvent, StreamState } from './events.js';
import { messages, type Listen } from './messages.js';
import { idRing } from './ring.js';
import type { StreamToken } from './token.js';

/** What a stream needs of the world. */
export interface StreamPorts {
  fetch(url: string, init: RequestInit): Promise<Response>;
  checkpoints: Pick<SyncApi, 'checkpoint' | 'saveCheckpoint' | 'clearCheckpoint'>;
  gate: RetryGate;
  after: After;
  /** Milliseconds since the epoch. */
  now(): number;
  /** In [0, 1). For jitter. */
  random(): number;
  /** Ends the stream at once. */
  signal: AbortSignal;
  /** Aborts the signal. */
  fail(error: unknown): void;
}

/** What is to be streamed; all defaults are filled in. */
export interface StreamPlan<Data> {
  url: string;
  /** The checkpoint's. */
  key: string;
  /** Where to begin, whatever is stored. */
  lastEventId: string | undefined;
  headers: Headers;
  init: RequestInit;
  token: StreamToken;
  parse(data: string): Data;
  isTerminal(event: StreamEvent<Data>): boolean;
  /** 0: none. */
  silenceTimeoutMs: number;
  /** Must not throw. */
  onState(state: StreamState): void;
}

const BACKOFF = { baseMs: 500, capMs: 5_000 };
const JITTER = 0.2;
const DAY_MS = 86_400_000;

/** Repeats of the last so many ids are dropped. */
const REMEMBERED = 256;

const NO_ANSWER: Outcome = { kind: 'unreachable', cause: 'network' };

/**
 * ```
 *           ┌──── gate, backoff, read the checkpoint ◀──── transient failure, or the connection ended
 *           ▼
 * start ─▶ connect ─▶ 200 ─▶ event ─▶ hand over ─▶ note its id ─▶ next event
 *           ▲   │                                   └─ it was terminal ─▶ clear the checkpoint, end
 *           │   ├─ JWT 401 ─▶ a fresh token ─▶ connect, or AuthRejectedError
 *           └───┘
 *               ├─ 204 ─▶ clear the checkpoint, end
 *               └─ another failure, or an event that can't be read ─▶ StreamError
 * ```
 * https://html.spec.whatwg.org/multipage/server-sent-events.html, but for the failures, which go by
 * Holdfast's policies.
 */
export async function* streamEvents<Data>(
  plan: StreamPlan<Data>,
  { fetch, checkpoints, gate, after, now, random, signal, fail }: StreamPorts,
): AsyncGenerator<StreamEvent<Data>, void, undefined> {
  const { url, key, token } = plan;
  const writer = checkpointWriter((id) => checkpoints.saveCheckpoint(key, id), fail);
  const isNew = idRing(REMEMBERED);
  let lastId: string | null = null;
  let attempt = 0;
  /** The server's `retry:` takes its place. */
  let { baseMs } = BACKOFF;
  let isOver = false;

  const stored = () => unlessAborted(signal, checkpoints.checkpoint(key));

  /** Waits for the server's next word, and cuts the connection when that takes too long. */
  function listenOn(cut: AbortController): Listen {
    return (word) => word.finally(plan.silenceTimeoutMs ? after(plan.silenceTimeoutMs, () => cut.abort()) : undefined);
  }

  /** Null when nobody answered. */
  async function connect(headers: Headers, cut: AbortController): Promise<Response | null> {
    const any = AbortSignal.any([signal, cut.signal]);
    const response = await listenOn(cut)(fetch(url, { ...plan.init, headers, signal: any, cache: 'no-store' })).catch(() => null);
    signal.throwIfAborted();
    return response;
  }

  async function waitFor(outcome: Outcome): Promise<void> {
    const delay = addedJitter({ baseMs, capMs: Math.max(BACKOFF.capMs, baseMs * (1 + JITTER)) }, JITTER);
    const { status, headers } = outcome.kind === 'answer' ? outcome : { status: null, headers: {} as Record<string, string> };
    const delayMs = Math.max(retryAfterMs(headers, now()) ?? 0, delay(attempt++, random()));
    plan.onState({ state: 'waiting', delayMs, attempt, status });
    await gate.awaitRetryAllowed(signal);
    await wait(delayMs, signal, after);
  }

  function read(data: string): Data {
    try {
      return plan.parse(data);
    } catch (error) {
      throw new StreamError(url, 'parse threw for an event', 200, error);
    }
  }

  try {
    lastId = plan.lastEventId ?? (await stored());
    for (;;) {
      // A server may begin with the event that it was told is known.
      if (lastId) isNew(lastId);
      const headers = requestHeaders(plan.headers, lastId);
      const bearer = await unlessAborted(signal, token.addTo(headers));
      const cut = new AbortController();
      const response = await connect(headers, cut);
      isOver = response?.status === 204;
      if (isOver) return;
      const isStream = response?.status === 200;
      if (isStream) {
        checkType(response, url);
        token.accepted();
        plan.onState({ state: 'open', lastEventId: lastId });
        for await (const batch of messages(response, url, listenOn(cut), (ms) => (baseMs = Math.min(ms, DAY_MS))))
          for (const { id, event = 'message', data } of batch) {
            const made: StreamEvent<Data> = { id: id ?? null, event, data: read(data) };
            const isRepeat = id && !isNew(id);
            isOver = plan.isTerminal(made);
            try {
              if (!isRepeat) yield made;
            } finally {
              // Whoever breaks the loop has had the event, too.
              if (!isRepeat && id !== undefined) writer.note((lastId = id));
            }
            if (isOver) return;
            signal.throwIfAborted();
            attempt = 0;
          }
        signal.throwIfAborted();
      }
      const outcome = isStream || !response ? NO_ANSWER : await outcomeOf(response, bearer, after);
      const verdict = classify(outcome);
      if (verdict === 'auth-expired') await unlessAborted(signal, token.renew());
      else if (verdict === 'transient') {
        await waitFor(outcome);
        await writer.written();
        lastId = (await stored()) ?? lastId;
      } else throw new StreamError(url, `it was answered with ${response?.status}`, response?.status);
    }
  } finally {
    // Whatever is still on the wire.
    fail(undefined);
    await writer.written();
    if (isOver) await checkpoints.clearCheckpoint(key);
  }
}

function requestHeaders(own: Headers, lastId: string | null): Headers {
  const headers = new Headers(own);
  // The worker leaves a request for exactly this alone.
  headers.set('Accept', 'text/event-stream');
  // The standard wants its UTF-8 bytes, and a header takes bytes only.
  if (lastId) headers.set('Last-Event-ID', String.fromCharCode(...new TextEncoder().encode(lastId)));
  return headers;
}

function checkType({ headers }: Response, url: string): void {
  const type = headers.get('content-type');
  if (!/^text\/event-stream *(;|$)/i.test(type ?? '')) throw new StreamError(url, `its type is ${type}, not text/event-stream`, 200);
}
