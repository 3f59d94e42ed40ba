import { CSRF_HEADERS } from '../../policy/csrf.js';
import type { FinalAnswer } from '../../policy/settlement.js';
import { mayBeBusy } from '../../policy/idempotency.js';
import type { Answer, Outcome } from '../../policy/outcome.js';
import { ForbiddenError } from '../../policy/errors.js';
import { isOtherPage } from '../../policy/page.js';
import type { Clock, Send } from '../../ports.js';
import { readAtMost, type Bytes } from '../read-body.js';

/** How much of a refusal's body is read, in bytes. */
const REFUSAL_LIMIT = 16 * 1024;

/** How much of any other body is read for a refusal, in bytes: in development, a batch's body has a stack for each error. */
const ANY_LIMIT = 64 * 1024;

/** How much of a final answer's body is kept, in bytes. */
const FINAL_BODY_LIMIT = 1024 * 1024;

export interface Transmission {
  outcome: Outcome;
  /** The response with its body unread. A caller that doesn't read the body must call `drop`. */
  response: Response | null;
  /** Ends the connection of an unwanted body: in Firefox, `body.cancel()` now and then leaves it open. */
  drop(): void;
}

export interface TransmitOptions {
  send: Send;
  clock: Clock;
  /** 0: no timeout. */
  timeoutMs: number;
  /** The user's signal: an abort by it is a cancel. */
  signal: AbortSignal;
  bearer: boolean;
  /** Whether the request carries a CSRF token whose refusal is ours to see: of a stored entry. @default false */
  csrf?: boolean;
  /** Whether every JSON body of an answer to a bearer is read, whatever the status (`auth.bodyErrors`). */
  readsAll: boolean;
  /** Whether the body of a 409, 423 or 425 is read: it may say that an earlier request under the same idempotency key is under way. */
  readsConflicts: boolean;
}

/** Sends a request once, and returns the outcome as data. Never throws. */
export async function transmit(request: Request, options: TransmitOptions): Promise<Transmission> {
  const { send, clock, timeoutMs, signal } = options;
  const cut = new AbortController();
  const stopTimer = timeoutMs > 0 ? clock.after(timeoutMs, () => cut.abort()) : () => {};
  try {
    const response = await send(request, AbortSignal.any([signal, cut.signal]));
    // The answer has begun in time; its body has a timeout of its own.
    stopTimer();
    return { outcome: await answer(request, response, options), response, drop: () => cut.abort() };
  } catch (error) {
    if (error instanceof ForbiddenError) return { outcome: { kind: 'unsendable', message: error.message }, response: null, drop: () => {} };
    const cause = cut.signal.aborted ? 'timeout' : 'network';
    return { outcome: signal.aborted ? { kind: 'aborted' } : { kind: 'unreachable', cause }, response: null, drop: () => {} };
  } finally {
    stopTimer();
  }
}

async function answer(request: Request, response: Response, { bearer, csrf, readsAll, readsConflicts, clock }: TransmitOptions): Promise<Answer> {
  const { status, type, redirected } = response;
  // A response that wasn't fetched, but made by a script, has no URL.
  const url = response.url || request.url;
  // A redirect to another origin removes the `Authorization`: https://fetch.spec.whatwg.org/#http-redirect-fetch
  const hasBearer = bearer && new URL(url).origin === new URL(request.url).origin;
  const isRefusal = status === 401 || (status === 403 && hasBearer) || (csrf && status >= 400 && status < 500) || (readsConflicts && mayBeBusy(status));
  const limit = isRefusal ? REFUSAL_LIMIT : readsAll && hasBearer && isJson(response) ? ANY_LIMIT : 0;
  return {
    kind: 'answer',
    status,
    headers: headersOf(response),
    bearer: hasBearer,
    url,
    redirected,
    type,
    ...(type === 'opaqueredirect' && { opaque: true }),
    ...(redirected && isPageFor(request, response) && { isPage: true }),
    ...(limit > 0 && { body: await jsonOf(response, limit, clock) }),
  };
}

/** The headers of an answer, which may be written: without a CSRF token, by which some servers hand out the next one. */
const headersOf = ({ headers }: Response): Record<string, string> => Object.fromEntries([...headers].filter(([name]) => !CSRF_HEADERS.includes(name)));

const isJson = ({ headers }: Response): boolean => /[/+]json/i.test(headers.get('content-type') ?? '');

/** Whether redirects have led a write to a page of HTML in place of the API's answer. */
function isPageFor({ url: asked, method, headers }: Request, { url, headers: answered }: Response): boolean {
  if (method === 'GET' || method === 'HEAD') return false;
  return isOtherPage({ asked, url, accept: headers.get('accept'), has: (name) => headers.has(name), contentType: answered.get('content-type') });
}

/** The JSON of an answer, or its JSON lines as an array; undefined when the body is something else, or too long. */
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
 * Parses JSON lines (https://jsonlines.org), the format of tRPC's streamed batches; undefined for less than two lines. Of a
 * stream that goes on, the lines so far.
 */
function linesOf(text: string): unknown {
  const lines = text.trim().split('\n');
  return lines.length > 1 ? lines.map((line) => JSON.parse(line) as unknown) : undefined;
}

/** Reads the answer that ends an entry: its body up to a MiB, and for no longer than ten seconds. */
export async function finalAnswer(response: Response, clock: Clock): Promise<FinalAnswer> {
  const { status } = response;
  let body: Bytes = { bytes: new Uint8Array(), truncated: false };
  try {
    body = await readAtMost(response, FINAL_BODY_LIMIT, clock);
  } catch {
    // The connection broke after the status line: the server has acted, and its status stands.
    body.truncated = true;
  }
  return {
    status,
    headers: headersOf(response),
    body: body.bytes.byteLength > 0 ? body.bytes.buffer : null,
    truncated: body.truncated,
    ...(response.redirected && { url: response.url }),
  };
}
