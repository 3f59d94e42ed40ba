import { addedJitter } from './backoff.js';
import type { EntryRecord } from './entry-record.js';
import { asList, asRecord } from './json.js';
import { mayHaveActed, type KeyHistory } from './key-history.js';
import type { Answer, Verdict } from './outcome.js';
import { retryAfterIn } from './retry-after.js';

/** A backend's idempotency keys: none; a quoted string, as the draft has it; the same without quotes; or the app's own. */
export type KeyForm = boolean | 'bare' | ((uuid: string) => string);

/** A request's idempotency key; null for none. */
export const keyOf = (form: KeyForm, uuid: string): string | null =>
  typeof form === 'function' ? form(uuid) : form === 'bare' ? uuid : form ? `"${uuid}"` : null;

/** Another idempotency key in the form of an entry's key; null for an entry without a key. */
export const freshKeyFor = ({ idempotencyKey: old }: Pick<EntryRecord, 'idempotencyKey'>, form: KeyForm | undefined, uuid: string): string | null =>
  old === null ? null : keyOf(typeof form === 'function' ? form : old.startsWith('"') || 'bare', uuid);

/** Codes by which a server says that it's still at the first request under an idempotency key. `busyCodes` adds to them. */
export const BUSY_CODES: readonly string[] = [
  'REQUEST_IN_PROGRESS',
  'PREVIOUS_REQUEST_IN_PROGRESS',
  'idempotency_key_in_use',
  'idempotency_in_flight',
  'concurrent_idempotent_requests',
];

/** Whether a status may mean that the server is still at the first request under the key. */
export const mayBeBusy = (status: number): boolean => status === 409 || status === 423 || status === 425;

/**
 * What an idempotency layer says by its marks in an answer: `busy`, it's still at the first request under the key; `kept`,
 * it has given the answer before and keeps it under the key; `final`, asking again is no use; null, nothing.
 *
 * @param key the request's idempotency key
 * @param codes codes in a JSON body that mean `busy`
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/ which names no marks: these are the layers' own
 */
export function markOf({ status, headers, body }: Answer, key: string, codes: readonly string[]): 'busy' | 'kept' | 'final' | null {
  const said = headers['idempotency-status']?.toLowerCase();
  const shouldRetry = headers['stripe-should-retry'] ?? headers['x-should-retry'];
  const { retryable, code, name, error, details } = asRecord(body);
  if (isKept(headers)) return 'kept';
  if (said === 'mismatch' || shouldRetry === 'false' || retryable === false) return 'final';
  if (!mayBeBusy(status)) return null;
  const found = [code, name, asRecord(error)['code'], ...asList(details).map((detail) => asRecord(detail)['issue'])];
  const isBusy =
    retryAfterIn(headers, 0) !== null ||
    shouldRetry === 'true' ||
    retryable === true ||
    said === 'conflict' ||
    headers['idempotency-key'] === key ||
    found.some((value) => codes.includes(value as string));
  return isBusy ? 'busy' : null;
}

/** Whether an answer is marked as the first answer to its idempotency key, given again. */
export const isKept = (headers: Readonly<Record<string, string>>): boolean =>
  headers['idempotency-status']?.toLowerCase() === 'replayed' ||
  Object.entries(headers).some(([name, value]) => /^(x-)?idempoten(t|cy)-replay(ed)?$/.test(name) && /^(true|\??1)$/i.test(value));

/** A send under an idempotency key. */
export interface KeyedSend {
  entry: KeyHistory & Pick<EntryRecord, 'idempotencyKey'>;
  /** The send is the page's own. */
  isFirst: boolean;
}

/**
 * The verdict on the answer to a send under an idempotency key, as a server that honours keys may mean something else by its
 * status than the resource would. The first row that fits counts:
 *
 * | verdict by the status | mark | the server may have acted on an earlier send | verdict |
 * |---|---|---|---|
 * | permanent, transient | busy | yes | in-progress |
 * | permanent, transient | busy, at a replay | | in-progress |
 * | transient | kept | | permanent: the answer won't change under this key |
 * | permanent, by a 409 or 423 | none | yes | transient |
 * | any other | | | the same |
 */
export function verdictUnderKey(verdict: Verdict, answer: Answer, { entry, isFirst }: KeyedSend, codes: readonly string[]): Verdict | 'in-progress' {
  if (entry.idempotencyKey === null || (verdict !== 'permanent' && verdict !== 'transient')) return verdict;
  const mark = markOf(answer, entry.idempotencyKey, codes);
  const isRepeated = mayHaveActed(entry);
  if (mark === 'busy' && (isRepeated || !isFirst)) return 'in-progress';
  if (mark === 'kept') return 'permanent';
  return mark === null && isRepeated && mayBeBusy(answer.status) ? 'transient' : verdict;
}

/** How long a server is asked that's still at the first request, in milliseconds. */
const BUSY_LIMIT_MS = 15 * 60_000;

const askAgain = addedJitter({ baseMs: 2_000, capMs: 30_000 }, 0.2);

/**
 * How long to wait before the server is asked again, in milliseconds: 2 s doubling to 30 s. Null once the server has been
 * asked for a quarter of an hour.
 *
 * @param inProgress the asking so far
 * @param floorMs the wait that the server asks for
 */
export function busyDelay(inProgress: EntryRecord['inProgress'], floorMs: number | null, random: number, now: number): number | null {
  const { since, asks } = askingSoFar(inProgress, now);
  const left = since + BUSY_LIMIT_MS - now;
  return left > 0 ? Math.min(left, Math.max(askAgain(asks, random), floorMs ?? 0)) : null;
}

/** The asking so far. A clock that was set back begins anew. */
export const askingSoFar = (inProgress: EntryRecord['inProgress'], now: number) => ({
  since: Math.min(inProgress?.since ?? now, now),
  asks: inProgress?.asks ?? 0,
});
