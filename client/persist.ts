import type { Heard } from '../sw/protocol/events.js';

/** In `localStorage`: the user was asked, whatever came of it. */
const ASKED = 'holdfast:persist';

/**
 * Has the browser keep what's stored when it runs short of room, as soon as there's something to keep. Where the browser would
 * put the question to its user, that's left to the app, and asked once for good.
 * https://developer.mozilla.org/en-US/docs/Web/API/StorageManager/persist (pages only, no worker)
 *
 * @param isWanted the app itself wants it
 */
export function askToPersist(isWanted: boolean): (event: Heard) => void {
  let hasAsked = false;
  return ({ type }) => {
    // Every tab hears of it; the one that's looked at asks.
    if (hasAsked || type !== 'queued' || document.visibilityState !== 'visible') return;
    hasAsked = true;
    // What came of it is in `status()`.
    ask(isWanted).catch(() => {});
  };
}

/** Firefox asks its user. Chromium decides by itself, though its permission says `prompt`; WebKit does, and knows no such permission. */
const isQuestion = (): Promise<boolean> =>
  navigator.permissions.query({ name: 'persistent-storage' }).then(({ state }) => state === 'prompt' && !('userAgentData' in navigator));

async function ask(isWanted: boolean): Promise<void> {
  if (await isQuestion().catch(() => false)) {
    if (!isWanted || localStorage.getItem(ASKED)) return;
    localStorage.setItem(ASKED, '1');
  }
  await navigator.storage.persist();
}
