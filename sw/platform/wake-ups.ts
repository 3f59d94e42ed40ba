const TAG = 'holdfast';

interface SyncManager {
  register(tag: string): Promise<void>;
}

export interface SyncEventLike extends ExtendableEvent {
  tag: string;
}

export const isOurs = (event: SyncEventLike): boolean => event.tag === TAG;

/**
 * Registers for Background Sync, where there is one. It's a wake-up and no more: Chromium gives a tag
 * three attempts, and rejects the registration when no window is open. The entry is on disk anyway.
 */
export function askForWakeUp(registration: ServiceWorkerRegistration): void {
  const { sync } = registration as ServiceWorkerRegistration & { sync?: SyncManager };
  sync?.register(TAG).catch(() => {});
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
