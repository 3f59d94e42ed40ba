import { IDEMPOTENCY_HEADER } from '../protocol/headers.js';
import type { EntryRecord } from './entry-record.js';
import { attemptsUnderKey, isKeyUnused, underKey } from './key-history.js';

/** Changes to an entry: a person's to a dead letter, or those of `onConflict`. */
export interface Amendment {
  /** Headers by lower-case name; null removes a header. */
  headers: Record<string, string | null>;
  /** The new URL, absolute; left out where the URL stays. */
  url?: string;
  /** Size of the new body; left out where the body stays. */
  bodySize?: number;
  /** What the request awaits with its new body; left out where the body stays. */
  awaits?: readonly number[];
  /** A new idempotency key; null for an entry without a key. */
  freshKey: string | null;
  /** The entry goes out under the new key, whatever the server may have done under the old key. */
  newKey?: boolean;
}

/**
 * The changed entry, which is another request now. Many a server repeats its first answer to a key, or refuses
 * the key with another body (draft-ietf-httpapi-idempotency-key-header, 2.7), so the entry gets a fresh key. Where the
 * server may have acted under the old key, the entry keeps that key, unless the person says otherwise: with a fresh key the
 * server would act twice.
 */
export function amended(entry: EntryRecord, { headers, url = entry.request.url, bodySize, awaits = entry.awaits, freshKey, newKey = false }: Amendment): EntryRecord {
  const { [IDEMPOTENCY_HEADER]: ownKey, ...others } = headers;
  const mayRenew = newKey || isKeyUnused(entry) || isRefused(entry);
  const key = ownKey === undefined ? (mayRenew ? freshKey : entry.idempotencyKey) : ownKey;
  const isSameKey = key === entry.idempotencyKey;
  const kept = Object.entries({ ...entry.request.headers, ...others }).flatMap(([name, value]) => (value === null ? [] : [[name, value]]));
  return {
    ...(isSameKey ? entry : underKey(entry, key)),
    ...(ownKey && { pagesKey: true }),
    request: { ...entry.request, url, headers: Object.fromEntries(kept) as Record<string, string> },
    bodySize: bodySize ?? entry.bodySize,
    ...(awaits && { awaits }),
    // The key stood for another body, so the next answer may be about the body alone.
    keepsKey: isSameKey && !mayRenew,
  };
}

/** Statuses by which the application refuses a request that it has read. Any other may come from a gateway, and a 409 may mean the first send. */
const READ_AND_REFUSED: ReadonlySet<number | null> = new Set([400, 422]);

/**
 * Whether the server has certainly done nothing under the entry's key: the application, which checks the key, gave the
 * last answer, and for a key under which it has acted it repeats its first answer. Refusals of earlier sends prove
 * nothing, as a send that was under way when its worker died is on no record.
 */
const isRefused = (entry: EntryRecord): boolean =>
  !entry.keepsKey && READ_AND_REFUSED.has(attemptsUnderKey(entry).at(-1)?.status ?? null);
