import { restoreRequest } from '../../../sw/platform/transport.js';
import type { Ports } from '../../../sw/ports.js';
import { storedCheckpoints } from '../../../sw/store/checkpoints.js';
import { openConnection } from '../../../sw/store/connection.js';
import { storedOutbox } from '../../../sw/store/outbox.js';
import type { Worker } from './worker.js';

/** Chromium lets nested timers ring no sooner. In milliseconds. */
const LEAST_TIMER_MS = 4;

/** More timers of 0 ms than this within so many milliseconds are a busy loop. */
const SPINS = 100;
const SPIN_MS = 1_000;

/** What a worker's pipeline needs of the world, of the simulated machine. The worker may die at any call. */
export function portsOf(worker: Worker, askForWakeUp: () => void, isAlone: () => boolean): Ports {
  const { world, port, name, version } = worker;
  const { agenda, browser, chances, history, locks, network, broadcasts } = world;
  const random = chances.of(`chance of ${name}`);
  const clock = clockOf(worker);
  const connection = openConnection({ clock, makeRoom: async () => {}, name });
  const refuseIfReplaced = () => {
    if (worker.isReplaced) throw new Error();
  };
  let uuids = 0;
  const print = (...words: unknown[]) => history.trace(() => words.map(String).join(' '));
  return {
    clock,
    chance: {
      fraction: random,
      bytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(random() * 256)),
      uuid: () => `${name}-${uuids++}`,
    },
    restore: restoreRequest,
    send: async (request, signal = request.signal) => {
      port('send');
      return network.send(worker, request, signal);
    },
    digest: async (content) => {
      port('digest');
      await agenda.wait(chances.step('digest'), worker);
      return digestOf(typeof content === 'string' ? content : new TextDecoder().decode(content));
    },
    locks: {
      exclusive: (lock, work) => {
        port('lock');
        world.asked(worker, lock);
        const done = locks.exclusive(worker, lock, work);
        done.catch(() => world.failed(worker, lock));
        return done;
      },
      keep: (lock) => locks.keep(worker, lock),
      isHeld: async (lock) => (await locks.held(worker, lock)).includes(lock),
      held: (prefix) => locks.held(worker, prefix),
      getsFree: (lock, ms) => {
        port('lock');
        return locks.getsFree(worker, lock, ms);
      },
    },
    outbox: storedOutbox(connection, { isAlone, refuseIfReplaced }),
    checkpoints: storedCheckpoints(connection, refuseIfReplaced),
    broadcast: (event) => {
      port(`broadcast ${event.type}`);
      // One that has just died says nothing any more.
      if (worker.isAlive) world.told(worker, event);
      broadcasts.send(worker, event);
    },
    isOnline: () => network.isOnline,
    cookie: async () => null,
    storage: async () => ({ persisted: null, usage: null, quota: null }),
    isActive: () => browser.active === version,
    askForWakeUp,
    log: { info: print, warn: print, error: print },
  };
}

/** The worker's timers. One after the other that rings at once is a loop that waits for what no time brings. */
function clockOf(worker: Worker): Ports['clock'] {
  const { agenda, history, now } = worker.world;
  let spins = 0;
  let since = 0;
  let hasSpun = false;
  const count = (ms: number) => {
    if (ms > 0 || agenda.now - since > SPIN_MS) {
      spins = 0;
      since = agenda.now;
    }
    if (++spins < SPINS || hasSpun) return;
    hasSpun = true;
    history.violated('no spinning', `${worker.name} has set ${SPINS} timers of 0 ms within a second`);
  };
  return {
    now,
    after: (ms, task) => {
      count(ms);
      return agenda.in(Math.max(ms, LEAST_TIMER_MS), worker, task);
    },
  };
}

/** Two rounds of FNV-1a: what two texts have in common by chance is one in 2^64. */
export function digestOf(text: string): string {
  let [low, high] = [0x811c9dc5, 0xcbf29ce4];
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ code, 0x01000193) ^ (low >>> 15);
  }
  return (low >>> 0).toString(16).padStart(8, '0') + (high >>> 0).toString(16).padStart(8, '0');
}
