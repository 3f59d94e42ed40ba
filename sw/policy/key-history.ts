import type { Attempt } from '../protocol/api.js';
import type { EntryRecord } from './entry-record.js';

/** The fields of an entry that say which of its sends went out under its idempotency key. */
export type KeyHistory = Pick<EntryRecord, 'attempts' | 'sends' | 'unheard' | 'earlier'>;

/** How many sends went out under the entry's present idempotency key. */
const sendsUnderKey = ({ sends, earlier }: KeyHistory): number => sends - (earlier?.sends ?? 0);

/** The sends on record that went out under the entry's present idempotency key. */
export const attemptsUnderKey = (entry: KeyHistory): readonly Attempt[] => {
  const count = sendsUnderKey(entry);
  return count > 0 ? entry.attempts.slice(-count) : [];
};

/**
 * Whether the server may have acted on a send: there was no answer, or a failure of the server (408, 5xx), or word that an
 * earlier send is being acted on. A refused token shows that nothing was done, whatever the status.
 */
const isOpen = ({ status, reason }: Attempt): boolean =>
  reason === 'in-progress' || (reason !== 'auth-expired' && (status === null || status === 408 || status >= 500));

/** Whether the server may have acted under the entry's idempotency key. Sends that aren't on record any more count as sends without an answer. */
export const mayHaveActed = (entry: KeyHistory): boolean =>
  entry.unheard === true || sendsUnderKey(entry) > entry.attempts.length || attemptsUnderKey(entry).some(isOpen);

/** Whether the server may have acted on the entry, under its present idempotency key or an earlier one. */
export const isInDoubt = (entry: KeyHistory): boolean => entry.earlier?.mayHaveActed === true || mayHaveActed(entry);

/** Whether the server has done nothing under the entry's idempotency key for certain: each send is on record, and had its token refused. */
export const onlyTokensRefused = (entry: KeyHistory): boolean =>
  !mayHaveActed(entry) && attemptsUnderKey(entry).every(({ reason }) => reason === 'auth-expired');

/** Whether nothing was sent under the idempotency key that the entry has been given since its capture. */
export const isKeyUnused = (entry: KeyHistory): boolean => entry.earlier?.sends === entry.sends && !mayHaveActed(entry);

/** The entry under another idempotency key. What was sent under the old one stays on record. */
export function underKey<Entry extends EntryRecord>(entry: Entry, idempotencyKey: string | null): Entry {
  const { unheard: _, inProgress: __, pagesKey: ___, ...rest } = entry;
  return { ...(rest as Entry), idempotencyKey, keepsKey: false, earlier: { sends: entry.sends, mayHaveActed: isInDoubt(entry) } };
}
