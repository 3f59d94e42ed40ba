import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { Dial } from './dial.js';
import type { DemoEnv } from './env.js';

/** A notice as it travels. */
export interface Notice {
  at: number;
  text: string;
}

const EVERY_MS = 1_500;
const DAY_MS = 86_400_000;

/** Whoever comes for the first time gets the last few. */
const FIRST = 3;

const PLACES = ['North gate', 'Mill Street', 'Pier 4', 'Depot', 'Hill Road', 'Station yard', 'South bridge'];
const NEWS: ((n: number) => string)[] = [
  (n) => `wind ${9 + (n % 17)} km/h`,
  (n) => `crew ${1 + (n % 4)} has arrived`,
  (n) => `water level ${40 + (n % 23)} cm`,
  () => 'barrier closed',
  (n) => `crew ${1 + (n % 4)} has left`,
  () => 'barrier open again',
];

/** Notices are numbered by the clock, so that they go on while nobody can hear them, and after a restart too. */
const idAt = (now: number): number => Math.floor((now % DAY_MS) / EVERY_MS);

function noticeOf(id: number, now: number): Notice {
  const at = now - (now % DAY_MS) + id * EVERY_MS;
  const news = NEWS[id % NEWS.length]!(id);
  return { at, text: `${PLACES[(id * 3) % PLACES.length]!}: ${news}` };
}

/** A stream that goes on after `Last-Event-ID`. Breaking the server cuts those that are open. */
export function feedRoutes(dial: Dial): Hono<DemoEnv> {
  return new Hono<DemoEnv>().get('/', (c) => {
    const asked = Number(c.req.header('Last-Event-ID') ?? NaN);
    const newest = idAt(Date.now());
    const known = asked >= 0 && asked <= newest;
    let last = known ? asked : Math.max(0, newest - FIRST);
    c.set('about', known ? `Live feed, after #${asked}` : 'Live feed, from the start');
    return streamSSE(c, async (stream) => {
      const stop = dial.onTurn((mode) => {
        if (mode !== 'ok' && mode !== 'slow' && mode !== 'csrf') c.env.incoming.socket.destroy();
      });
      stream.onAbort(stop);
      while (!stream.aborted) {
        const now = Date.now();
        while (last < idAt(now)) {
          last++;
          await stream.writeSSE({ id: String(last), data: JSON.stringify(noticeOf(last, now)) });
        }
        await stream.sleep(EVERY_MS - (Date.now() % EVERY_MS));
      }
    });
  });
}
