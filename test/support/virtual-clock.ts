import type { Clock } from '../../sw/ports.js';

export interface VirtualClock extends Clock {
  /** Lets `ms` pass, timer by timer, and lets each timer's consequences come to rest. */
  advance(ms: number): Promise<void>;
  /** Forgets the timers, as the death of a worker does. */
  forget(): void;
}

/** Lets everything that's under way come to rest: streams and digests take turns of the event loop. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 12; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** @param rest waits until nothing is under way but timers */
export function virtualClock(rest: () => Promise<void> = settle): VirtualClock {
  let now = 0;
  let timers: { at: number; task: () => void }[] = [];
  return {
    now: () => now,
    forget: () => {
      timers = [];
    },
    after(ms, task) {
      const timer = { at: now + Math.max(0, ms), task };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    async advance(ms) {
      const end = now + ms;
      await rest();
      for (;;) {
        const next = timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
        if (!next) break;
        timers = timers.filter((timer) => timer !== next);
        now = Math.max(now, next.at);
        next.task();
        await rest();
      }
      now = end;
    },
  };
}
