import type { SyncEvent } from '../sw/protocol/events.js';

/**
 * Asks the browser to keep what's stored when it runs short of room, as soon as there's something to
 * keep: Firefox puts the question to its user, who should have a reason to say yes.
 * https://developer.mozilla.org/en-US/docs/Web/API/StorageManager/persist (pages only, no worker)
 */
export function askToPersist(): { hear(event: SyncEvent): void } {
  let asked = false;
  return {
    hear({ type }) {
      // Every tab hears of it; the one that's looked at asks.
      if (asked || type !== 'queued' || document.visibilityState !== 'visible') return;
      asked = true;
      // What came of it is in `status()`.
      void navigator.storage?.persist?.().catch(() => {});
    },
  };
}
