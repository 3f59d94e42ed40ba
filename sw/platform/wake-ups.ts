const TAG = 'holdfast';

interface SyncManager {
  register(tag: string): Promise<void>;
}

export interface SyncEventLike extends ExtendableEvent {
  tag: string;
}

export interface WakeUps {
  /** Registers for Background Sync, where the browser has it and no registration stands. Never throws. */
  ask(): void;
  /**
   * Takes a sync event; null for an event of another tag. `news` is false for the event that Chromium fires at
   * once on a registration made while online: it tells of no change, so no backoff is cut short for it.
   */
  take(event: SyncEventLike): { news: boolean } | null;
  /** Notes that the event is over, so that the next `ask` registers again. */
  done(): void;
}

/**
 * Background Sync, used as a wake-up and no more: entries are on disk anyway. Chromium gives a tag three
 * attempts, and rejects the registration when no window is open.
 */
export function wakeUps(registration: ServiceWorkerRegistration, isOnline: () => boolean): WakeUps {
  const { sync } = registration as ServiceWorkerRegistration & { sync?: SyncManager };
  let registered = false;
  let echo = false;
  return {
    ask() {
      if (registered || !sync) return;
      registered = true;
      echo = isOnline();
      sync.register(TAG).catch(() => {
        registered = false;
      });
    },
    take(event) {
      if (event.tag !== TAG) return null;
      const news = !echo;
      echo = false;
      return { news };
    },
    done() {
      registered = false;
    },
  };
}

/**
 * Whether this worker is the active one. Where `self.serviceWorker` is missing (Firefox), a worker
 * that gets events is the active one, save during an installation.
 */
export function isActiveWorker(scope: ServiceWorkerGlobalScope): boolean {
  const state = stateOf(scope);
  if (state) return state === 'activating' || state === 'activated';
  return scope.registration.active !== null && scope.registration.installing === null;
}

/**
 * Whether an update has replaced this worker. Firefox doesn't say, and needn't: Firefox activates an update's worker when the older
 * worker has no event open, and ends the older worker. Chromium waits likewise, for five minutes at most.
 */
export const isReplacedWorker = (scope: ServiceWorkerGlobalScope): boolean => stateOf(scope) === 'redundant';

/** https://w3c.github.io/ServiceWorker/#service-worker-global-scope-serviceworker */
const stateOf = (scope: ServiceWorkerGlobalScope): ServiceWorkerState | undefined => (scope as { serviceWorker?: ServiceWorker }).serviceWorker?.state;
