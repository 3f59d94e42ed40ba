import type { FinalAnswer } from '../../policy/entry.js';
import type { Answer, Outcome } from '../../policy/outcome.js';
import { isOtherPage } from '../../policy/page.js';
import type { Clock, Send } from '../../ports.js';
import { readAtMost, type Bytes } from '../read-body.js';

/** A refusal's body is looked at no further than this, in bytes. */
const REFUSAL_LIMIT = 16 * 1024;

/** Nor is any other body that may tell of a refusal: a batch's has a stack for each of its errors, in development. */
const ANY_LIMIT = 64 * 1024;

/** As much of a final answer's body is kept. */
const FINAL_BODY_LIMIT = 1024 * 1024;

export interface Transmission {
  outcome: Outcome;
  /** Unread. Whoever doesn't read it drops it. */
  response: Response | null;
  /** Ends the connection of a body that nobody wants: in Firefox, `body.cancel()` now and then leaves it open. */
  drop(): void;
}

export interface TransmitOptions {
  send: Send;
  clock: Clock;
  /** 0 is off. */
  timeoutMs: number;
  /** The user's: an abort by it is a cancel. */
  signal: AbortSignal;
  bearer: boolean;
  /** The app wants every JSON body looked into that comes to a bearer, whatever the status. */
  readsAll: boolean;
}

/** Sends once, and tells as data what came of it. Never throws. */
export async function transmit(request: Request, options: TransmitOptions): Promise<Transmission> {
  const { send, clock, timeoutMs, signal } = options;
  const cut = new AbortController();
  const stopTimer = timeoutMs > 0 ? clock.after(timeoutMs, () => cut.abort()) : () => {};
  try {
    const response = await send(request, AbortSignal.any([signal, cut.signal]));
    // The answer has begun in time; its body has a time of its own.
    stopTimer();
    return { outcome: await answer(request, response, options), response, drop: () => cut.abort() };
  } catch {
    const cause = cut.signal.aborted ? 'timeout' : 'network';
    return { outcome: signal.aborted ? { kind: 'aborted' } : { kind: 'unreachable', cause }, response: null, drop: () => {} };
  } finally {
    stopTimer();
  }
}

async function answer(request: Request, response: Response, { bearer, readsAll, clock }: TransmitOptions): Promise<Answer> {
  const { status, type, redirected } = response;
  // One that was made by hand, and not fetched, has no URL.
  const url = response.url || request.url;
  // A redirect to another origin takes it off: https://fetch.spec.whatwg.org/#http-redirect-fetch
  const hasBearer = bearer && new URL(url).origin === new URL(request.url).origin;
  const isRefusal = status === 401 || (status === 403 && hasBearer);
  const limit = isRefusal ? REFUSAL_LIMIT : readsAll && hasBearer && isJson(response) ? ANY_LIMIT : 0;
  return {
    kind: 'answer',
    status,
    headers: Object.fromEntries(response.headers),
    bearer: hasBearer,
    url,
    redirected,
    type,
    ...(type === 'opaqueredirect' && { opaque: true }),
    ...(redirected && isPageFor(request, response) && { isPage: true }),
    ...(limit > 0 && { body: await jsonOf(response, limit, clock) }),
  };
}

const isJson = ({ headers }: Response): boolean => /[/+]json/i.test(headers.get('content-type') ?? '');

/** Whether redirects have made a page of what a write was to be answered with. */
function isPageFor({ url: asked, method, headers }: Request, { url, headers: answered }: Response): boolean {
  if (method === 'GET' || method === 'HEAD') return false;
  return isOtherPage({ asked, url, accept: headers.get('accept'), has: (name) => headers.has(name), contentType: answered.get('content-type') });
}

/** The JSON of an answer, or its JSON lines as an array; undefined when it's something else, or too long. */
async function jsonOf(response: Response, limit: number, clock: Clock): Promise<unknown> {
  try {
    const { bytes, truncated } = await readAtMost(response.clone(), limit, clock);
    const text = new TextDecoder().decode(bytes);
    return truncated ? linesOf(text.slice(0, text.lastIndexOf('\n') + 1)) : parsed(text);
  } catch {
    return undefined;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return linesOf(text);
  }
}

/**
 * JSON lines (https://jsonlines.org), which tRPC's streamed batches are sent as; undefined for less than two. Those of a
 * stream that goes on are what has come so far.
 */
function linesOf(text: string): unknown {
  const lines = text.trim().split('\n');
  return lines.length > 1 ? lines.map((line) => JSON.parse(line) as unknown) : undefined;
}

/** Takes the answer that ends an entry: its body up to a MiB, and no longer than ten seconds. */
export async function finalAnswer(response: Response, clock: Clock): Promise<FinalAnswer> {
  const { status, headers } = response;
  let body: Bytes = { bytes: new Uint8Array(), truncated: false };
  try {
    body = await readAtMost(response, FINAL_BODY_LIMIT, clock);
  } catch {
    // The connection broke after the status line: the server has acted, and its status stands.
    body.truncated = true;
  }
  return {
    status,
    headers: Object.fromEntries(headers),
    body: body.bytes.byteLength > 0 ? body.bytes.buffer : null,
    truncated: body.truncated,
  };
}
