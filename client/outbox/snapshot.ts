import type { EntryInfo, SyncStatus } from '../../sw/protocol/api.js';

/** The outbox as it stood when it was looked at last. Never changed: what is new is another object, and an entry that hasn't changed is the same one. */
export interface OutboxSnapshot {
  /** Null until the worker has answered. */
  readonly status: SyncStatus | null;
  /** In the order of capture, dead letters included. */
  readonly entries: readonly EntryInfo[];
  /** False until the first entries are there. */
  readonly loaded: boolean;
  /** Why the worker couldn't be asked; null when it could. What was seen before stays. */
  readonly error: unknown;
}

/** Nothing is known yet. */
export const NOTHING: OutboxSnapshot = { status: null, entries: [], loaded: false, error: null };
