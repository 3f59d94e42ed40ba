/** The door for React: hooks over `sync.outbox`. */
import { createContext, useContext, useSyncExternalStore } from 'react';
import type { EntryInfo, Reference, SyncStatus } from '../../sw/protocol/api.js';
import type { HoldfastElements } from '../elements.js';
import { NOTHING, type OutboxSnapshot } from '../outbox/snapshot.js';
import type { OutboxStore } from '../outbox/store.js';

/** What `connect` gives, or as much of it as the hooks use. */
export interface HasOutbox {
  readonly outbox: OutboxStore;
}

/**
 * The client for the hooks below it; null until `connect` has given it.
 * @example <SyncContext.Provider value={sync}><App /></SyncContext.Provider>
 */
export const SyncContext = createContext<HasOutbox | null>(null);

/** What there is before a client, and on a server. */
const NONE: OutboxStore = { subscribe: () => () => {}, getSnapshot: () => NOTHING };

/** Renders again when what is chosen has changed. What is chosen must be the same object while the snapshot is. */
function useChosen<Chosen>(choose: (snapshot: OutboxSnapshot) => Chosen, sync?: HasOutbox | null): Chosen {
  const above = useContext(SyncContext);
  const { subscribe, getSnapshot } = (sync ?? above)?.outbox ?? NONE;
  return useSyncExternalStore(subscribe, () => choose(getSnapshot()), () => choose(NOTHING));
}

const all = (snapshot: OutboxSnapshot) => snapshot;
const status = (snapshot: OutboxSnapshot) => snapshot.status;

/**
 * Entries and status; empty, and not `loaded`, until the worker has answered.
 *
 * @param sync the client, where no `SyncContext` has it
 */
export const useOutbox = (sync?: HasOutbox | null): OutboxSnapshot => useChosen(all, sync);

/**
 * One entry; null when there's none, as when it's delivered. Renders again when this entry changes, and not with the others.
 *
 * @param id a task id, a checkpoint key, or a `seq`: see `Reference`; null for none. Of several entries it names the newest
 * @param sync the client, where no `SyncContext` has it
 */
export const useEntry = (id: Reference | null | undefined, sync?: HasOutbox | null): EntryInfo | null =>
  useChosen(({ entries }) => entries.findLast((entry) => id === entry.id || id === entry.key || id === entry.seq) ?? null, sync);

/**
 * How everything stands; null until the worker has answered.
 *
 * @param sync the client, where no `SyncContext` has it
 */
export const useSyncStatus = (sync?: HasOutbox | null): SyncStatus | null => useChosen(status, sync);

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements extends HoldfastElements {}
  }
}
