import type { OutboxOptions } from './follow.js';
import { NOTHING, type OutboxSnapshot } from './snapshot.js';

/**
 * A store as React's `useSyncExternalStore`, Svelte's `$store` and Vue's `shallowRef` want one. It follows the worker's
 * events while somebody listens; events that come together cause one question to the worker.
 */
export interface OutboxStore {
  /** Calls the listener at once and after each change, with the snapshot. Gives the way to stop. */
  subscribe(listener: (snapshot: OutboxSnapshot) => void): () => void;
  /** The same object until something has changed. It isn't renewed while nobody listens. */
  getSnapshot(): OutboxSnapshot;
}

/**
 * @param closed the client's end: nothing is followed after it
 * @param load called with the first listener
 */
export function outboxStore(client: OutboxOptions['client'], closed: AbortSignal, load: () => Promise<Pick<typeof import('./follow.js'), 'followOutbox'>>): OutboxStore {
  const listeners = new Set<{ listener: (snapshot: OutboxSnapshot) => void }>();
  let snapshot = NOTHING;
  let end = new AbortController();
  const changed = (next: OutboxSnapshot) => {
    if (next === snapshot) return;
    snapshot = next;
    for (const { listener } of listeners) listener(snapshot);
  };
  const follow = () => {
    const signal = AbortSignal.any([(end = new AbortController()).signal, closed]);
    load().then(
      ({ followOutbox }) => signal.aborted || followOutbox({ client, signal, changed, from: snapshot }),
      (error: unknown) => changed({ ...snapshot, error }),
    );
  };
  return {
    subscribe(listener) {
      // A function may listen twice.
      const own = { listener };
      listeners.add(own);
      if (listeners.size === 1) follow();
      listener(snapshot);
      return () => {
        if (listeners.delete(own) && listeners.size === 0) end.abort();
      };
    },
    getSnapshot: () => snapshot,
  };
}
