import type { Settlement } from '../protocol/api.js';
import type { DeadReason } from '../protocol/events.js';
import type { Asked, EntryRecord } from './entry-record.js';

/** A server's answer that ends an entry. */
export interface FinalAnswer {
  status: number;
  headers: Record<string, string>;
  body: ArrayBuffer | null;
  truncated: boolean;
  /** The URL that redirects have led to. Left out where there were none. */
  url?: string;
}

/** A settlement as it lies on disk. */
export interface KeptSettlement extends Settlement {
  /** The owner of the entry: a purge removes this user's answers too. */
  owner?: string | null;
  /** The fetch event that waits for this answer; null, or left out, when none does. */
  asked?: Asked | null;
  /** The id of the request that this answers. */
  requestId?: string;
  /** A purge has removed the answer. The rest stays until the waiting page has been answered. */
  forgotten?: true;
}

/**
 * What stays of a request that another has replaced (`Holdfast-Replace`, `coalesce`) before its page had an answer. A redelivery of its
 * event finds this remainder, and isn't taken for a new request, which would go out after its replacement.
 */
export interface Remainder {
  /** The request's own id, as the entry's `seq` is the replacement's. */
  seq: string;
  requestId: string;
  asked: Asked;
  at: number;
  forgotten: true;
  /** The `seq` of the entry whose answer is this request's, too, as both were coalesced; null where nothing was left to be done. */
  into?: number | null;
}

/** What stays of a request that waits for its answer no more, or for another's. */
export const remainderOf = ({ requestId, asked, agesFrom }: Pick<EntryRecord, 'requestId' | 'asked' | 'agesFrom'>, into?: number | null): Remainder => ({
  seq: requestId!,
  requestId: requestId!,
  asked: asked!,
  at: agesFrom,
  forgotten: true,
  ...(into !== undefined && { into }),
});

/** The settlement of an entry that has ended. */
export function settlement(
  { id, key, seq, asked, owner, requestId }: EntryRecord,
  state: Settlement['state'],
  reason: DeadReason | null,
  answer: FinalAnswer | null,
  at: number,
): KeptSettlement {
  const { status = null, headers = {}, body = null, truncated = false, url } = answer ?? {};
  const settled = { id, key, seq, owner, state, reason, status, headers, body, truncated, at, ...(url !== undefined && { redirected: true as const, url }), ...(requestId !== undefined && { requestId }) };
  // The page that waits for this answer may have to ask the next worker for it.
  return asked ? { ...settled, asked } : settled;
}

/**
 * A settlement without its answer, for the page of a user who was purged: a redelivery of the page's event finds this
 * remainder, and isn't taken for a new request.
 */
export function withoutAnswer(settlement: KeptSettlement): KeptSettlement {
  const { redirected: _, url: __, ...rest } = settlement;
  return { ...rest, state: 'cancelled', reason: null, status: null, headers: {}, body: null, truncated: false, forgotten: true };
}
