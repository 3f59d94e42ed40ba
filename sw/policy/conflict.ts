import type { EntryInfo, EntryPatch } from '../protocol/api.js';
import { isObject, patched } from './merge-patch.js';
import type { FinalAnswer } from './settlement.js';

/** A write that the server has refused, as it has a newer version. */
export interface Conflict {
  /** The entry, with the URL whole. `inDoubt` is set where the server may have acted on an earlier send. */
  entry: EntryInfo;
  /** The page's own request, with its body and without credentials, in each round: the patch is applied to it. */
  request: ConflictRequest;
  answer: ConflictAnswer;
}

/** What the ready policies read of a request. A `Request` is one. */
export interface ConflictRequest {
  method: string;
  headers: { get(name: string): string | null };
  text(): Promise<string>;
}

/** The server's answer to a write that met a newer version. */
export interface ConflictAnswer {
  status: number;
  /** By lower-case name. */
  headers: Record<string, string>;
  /** The parsed JSON; the text of any other body; null for none. Of a body over 1 MiB, the text of its beginning. */
  body: unknown;
}

/** What becomes of the write: it goes again with changes, it's given up for the server's version, or (null) it's a dead letter. */
export type ConflictResult = EntryPatch | 'discard' | null | undefined;

/** How often an entry goes again for a conflict, until a person retries it. */
export const CONFLICT_ROUNDS = 3;

/**
 * Whether a status says that the server has another version than the request was made for: 409 (RFC 9110 §15.5.10),
 * 412 (§15.5.13), 428 (RFC 6585 §3).
 */
export const isConflict = (status: number | undefined): boolean => status === 409 || status === 412 || status === 428;

/** The answer as `onConflict` gets it. */
export function conflictAnswer({ status, headers, body, truncated }: FinalAnswer): ConflictAnswer {
  const text = body && new TextDecoder().decode(new Uint8Array(body));
  return { status, headers, body: text && !truncated ? parsed(text) : text };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const CONDITIONS = ['if-match', 'if-none-match', 'if-unmodified-since'];

/**
 * The changes of a request's headers by which it's made for the version that the answer names: `If-Match` has the answer's
 * `ETag`, and every other condition goes. Without an `ETag` that `If-Match` can match, which a weak one can't (RFC 9110
 * §13.1.1), there's no condition; or `If-Match: *` where the server demands one (428).
 *
 * @param has whether the request has a header
 */
export function freshCondition({ status, headers: { etag } }: Pick<ConflictAnswer, 'status' | 'headers'>, has: (name: string) => boolean): Record<string, string | null> {
  const condition = etag?.startsWith('"') ? etag : status === 428 ? '*' : null;
  const dropped = CONDITIONS.filter(has).map((name) => [name, null] as const);
  return { ...Object.fromEntries(dropped), ...(condition !== null && { 'if-match': condition }) };
}

/** Whether a request that may have been done already may be done again: it leads to the same state (RFC 9110 §9.2.2, RFC 7396). */
const mayRepeat = ({ inDoubt }: EntryInfo, { method, headers }: ConflictRequest): boolean =>
  !inDoubt || method === 'PUT' || method === 'DELETE' || /merge-patch/i.test(headers.get('content-type') ?? '');

/**
 * Ours counts: the write goes again for the version that the answer names, or without a condition. What others have changed is
 * overwritten. A dead letter where no condition of the request can be changed, or where it might be done twice.
 */
export function clientWins({ entry, request, answer }: Conflict): EntryPatch | null {
  const headers = freshCondition(answer, (name) => request.headers.get(name) !== null);
  return Object.keys(headers).length > 0 && mayRepeat(entry, request) ? { headers } : null;
}

/** Theirs counts: the write is given up, and the server's version stays. */
export const serverWins = (): 'discard' => 'discard';

/**
 * Both count: the fields of our JSON go over the server's newer version, which is the JSON object in the answer's body, by the
 * rules of JSON Merge Patch (RFC 7396). A PATCH goes again as it is, as the server itself merges it. A dead letter where the answer
 * isn't the newer version (it has no field of ours, or is a problem by RFC 9457), a number would lose digits, or the write might be
 * done twice.
 */
export async function mergeJson({ entry, request, answer }: Conflict): Promise<EntryPatch | null> {
  const ours = parsed(await request.text());
  const { body, headers } = answer;
  if (!mayRepeat(entry, request) || !isObject(ours) || !isObject(body) || /problem\+json/i.test(headers['content-type'] ?? '')) return null;
  if (!Object.keys(ours).some((name) => Object.hasOwn(body, name)) || !isExact(ours) || !isExact(body)) return null;
  const condition = freshCondition(answer, (name) => request.headers.get(name) !== null);
  return { headers: condition, ...(request.method !== 'PATCH' && { body: patched(body, ours) }) };
}

/** Whether a parsed value has no whole number that JavaScript can't hold. */
const isExact = (value: unknown): boolean =>
  typeof value === 'object' && value !== null ? Object.values(value).every(isExact) : !Number.isInteger(value) || Number.isSafeInteger(value);
