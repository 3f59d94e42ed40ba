import type { EntryInfo } from '../../sw/protocol/api.js';
import type { SyncEvent } from '../../sw/protocol/events.js';

/** One send of an entry that came to its end. */
export interface Send {
  /** When it began; as early as it's known. */
  at: number;
  end: number;
  /** Null where nobody answered. */
  status: number | null;
  /** Null where it was delivered. */
  reason: EntryInfo['reason'] | null;
}

/** The journal's events about entries, by `seq`, each in the order in which they came. */
export function eventsByEntry(journal: readonly SyncEvent[]): Map<number, SyncEvent[]> {
  const found = new Map<number, SyncEvent[]>();
  for (const event of journal) if ('seq' in event) found.set(event.seq, [...(found.get(event.seq) ?? []), event]);
  return found;
}

/**
 * The sends of an entry. What is still in the outbox knows their ends itself, and its first one began when
 * it was captured; of what is gone the journal's events tell.
 */
export function sendsOf(told: readonly SyncEvent[], entry: Pick<EntryInfo, 'attempts' | 'capturedAt'> | null): Send[] {
  const starts = told.filter(({ type }) => type === 'sending').map(({ at }) => at);
  const ends: Omit<Send, 'at'>[] = entry ? entry.attempts.map(({ at, status, reason }) => ({ end: at, status, reason })) : told.flatMap(endOf);
  let before = entry?.capturedAt ?? told[0]?.at ?? 0;
  return ends.map((send, index) => {
    const begun = starts.filter((at) => at >= before && at <= send.end).at(-1);
    const at = begun ?? (index === 0 ? Math.min(before, send.end) : send.end);
    before = send.end;
    return { at, ...send };
  });
}

function endOf(event: SyncEvent): Omit<Send, 'at'>[] {
  switch (event.type) {
    case 'retrying':
      return [{ end: event.at, status: event.status, reason: event.reason }];
    case 'delivered':
      return [{ end: event.at, status: event.status, reason: null }];
    case 'failed':
      return event.status === null ? [] : [{ end: event.at, status: event.status, reason: event.reason }];
    default:
      return [];
  }
}
