import type { SyncApi, WakeReason } from '../sw/protocol/api.js';
import type { Heard } from '../sw/protocol/events.js';
import { LONGEST_TIMER } from './wait.js';

const SOON_MS = 250;

/** When to look after what was to be sent: the worker may have died over it. */
const LOOK_AFTER_MS = 2_000;

/** When to look after what waits for a gate: only the worker's memory knows of it, and the worker may die meanwhile. */
const GATED_MS = 60_000;

export interface Signals {
  /** Lets the timer know of an event. */
  hear(event: Heard): void;
}

/**
 * Wakes the worker when there may be something to send. A worker hears no `online` event in Chromium
 * and keeps no timer while it's stopped, so the page does both for it.
 */
export function sendWakeUps(api: Pick<SyncApi, 'wake' | 'status'>, signal: AbortSignal): Signals {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let due = Infinity;

  // A wake-up that's lost is made good by the next one.
  const wake = (reason: WakeReason) => api.wake(reason).catch(() => {});

  const arm = (at: number | null) => {
    if (at === null || at >= due || signal.aborted) return;
    due = at;
    clearTimeout(timer);
    timer = setTimeout(ring, Math.min(LONGEST_TIMER, Math.max(0, at - Date.now())));
  };
  const ring = async () => {
    due = Infinity;
    await wake('due');
    await askWhen();
  };
  const askWhen = () =>
    api.status().then(
      ({ nextAttemptAt, sending, online, paused, backends }) => {
        arm(nextAttemptAt && Math.max(nextAttemptAt, Date.now() + SOON_MS));
        // A worker may learn of the network later than its page, and hears no event of it.
        const isBehind = !online && navigator.onLine;
        if (sending > 0 || isBehind) arm(Date.now() + LOOK_AFTER_MS);
        const isGated = nextAttemptAt === null && !paused && backends.some(({ waiting, holds }) => waiting > 0 && holds.length === 0);
        if (isGated) arm(Date.now() + GATED_MS);
      },
      () => {},
    );

  const on = { signal };
  addEventListener('online', () => void wake('online').then(askWhen), on);
  addEventListener('offline', () => void wake('offline'), on);
  addEventListener('pageshow', () => void wake('pageshow'), on);
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && void wake('visible'), on);
  signal.addEventListener('abort', () => clearTimeout(timer));
  void wake('connect').then(askWhen);

  return {
    hear(event) {
      if (event.type === 'retrying') arm(event.at + event.delayMs);
      if (event.type === 'queued' || event.type === 'sending') arm(event.at + LOOK_AFTER_MS);
    },
  };
}
