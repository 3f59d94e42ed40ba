import { IDEMPOTENCY_HEADER } from '../protocol/headers.js';
import type { DeadReason } from '../protocol/events.js';
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

/** After these the server may have acted on what was sent. Every other dead letter was refused, or never sent. */
const UNSURE: ReadonlySet<string> = new Set(['retries-exhausted', 'unreachable', 'expired'] satisfies DeadReason[]);

/**
 * A dead letter as it's changed. It's another request then, and many a server repeats its first answer to a
 * key, or refuses the key with another body (draft-ietf-httpapi-idempotency-key-header, 2.7), so it gets a
 * fresh one; but not where the server may have acted on the old one, as it would be done twice.
 */
export function amended(entry: EntryRecord, { headers, bodySize, freshKey }: Amendment): EntryRecord {
  const { [IDEMPOTENCY_HEADER]: ownKey, ...others } = headers;
  const isUnsure = entry.sends > 0 && UNSURE.has(entry.reason);
  const key = entry.idempotencyKey === null || isUnsure ? entry.idempotencyKey : freshKey;
  const kept = Object.entries({ ...entry.request.headers, ...others }).flatMap(([name, value]) => (value === null ? [] : [[name, value]]));
  return {
    ...entry,
    idempotencyKey: ownKey === undefined ? key : ownKey,
    request: { ...entry.request, headers: Object.fromEntries(kept) as Record<string, string> },
    bodySize: bodySize ?? entry.bodySize,
  };
}
