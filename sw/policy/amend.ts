import { IDEMPOTENCY_HEADER } from '../protocol/headers.js';
import type { EntryRecord } from './entry-record.js';

/** What a person changes of a dead letter. */
export interface Amendment {
  /** By lower-case name; null takes one away. */
  headers: Record<string, string | null>;
  /** Of the new body; left out where the body stays. */
  bodySize?: number;
  /** For an entry that has a key. */
  freshKey: string;
}

/**
 * A dead letter as it's changed. It's another request then, and many a server repeats its first answer to a
 * key, or refuses the key with another body (draft-ietf-httpapi-idempotency-key-header, 2.7), so it gets a
 * fresh one. It keeps the old one where the server may have acted under it, as it would be done twice.
 */
export function amended(entry: EntryRecord, { headers, bodySize, freshKey }: Amendment): EntryRecord {
  const { [IDEMPOTENCY_HEADER]: ownKey, ...others } = headers;
  const mayRenew = isRefused(entry);
  const key = entry.idempotencyKey !== null && mayRenew ? freshKey : entry.idempotencyKey;
  const { unheard, ...before } = entry;
  const kept = Object.entries({ ...entry.request.headers, ...others }).flatMap(([name, value]) => (value === null ? [] : [[name, value]]));
  return {
    ...before,
    ...(unheard && !mayRenew && { unheard }),
    idempotencyKey: ownKey === undefined ? key : ownKey,
    request: { ...entry.request, headers: Object.fromEntries(kept) as Record<string, string> },
    bodySize: bodySize ?? entry.bodySize,
    // The next answer may be about the body, which isn't any more the one that the key stood for.
    keepsKey: !mayRenew && ownKey === undefined,
  };
}

/** By these the application itself refuses what it has read; a gateway may have given any other, and a 409 may mean the first send. */
const READ_AND_REFUSED: ReadonlySet<number | null> = new Set([400, 422]);

/**
 * Whether the server has certainly done nothing under the entry's key: the last answer came from where the key is
 * looked at, and what has been done under it is answered by the first answer again. That the sends on record were
 * refused says nothing: one that was under way when its worker died is on no record.
 */
const isRefused = ({ attempts, keepsKey }: EntryRecord): boolean =>
  !keepsKey && READ_AND_REFUSED.has(attempts.at(-1)?.status ?? null);
