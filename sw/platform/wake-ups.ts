const TAG = 'holdfast';

interface SyncManager {
  register(tag: string): Promise<void>;
}

export interface SyncEventLike extends ExtendableEvent {
  tag: string;
}

export interface WakeUps {
  /** Registers for Background Sync, where there is one and it isn't done already. Never throws. */
  ask(): void;
  /**
   * Takes a sync event: null when it isn't ours. `news` is false for the event that Chromium fires at
   * once on a registration made while online: it tells of no change, so no backoff is cut short for it.
   */
  take(event: SyncEventLike): { news: boolean } | null;
  /** The event is over. */
  done(): void;
}

/**
 * Background Sync: a wake-up and no more. Chromium gives a tag three attempts, and rejects the
 * registration when no window is open. The entry is on disk anyway.
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
 * that was given an event to handle is the active one, save for its own installation.
 */
export function isActiveWorker(scope: ServiceWorkerGlobalScope): boolean {
  const state = (scope as { serviceWorker?: ServiceWorker }).serviceWorker?.state;
  if (state) return state === 'activating' || state === 'activated';
  return scope.registration.active !== null && scope.registration.installing === null;
}
