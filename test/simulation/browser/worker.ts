import { backendFor } from '../../../sw/pipeline/intercept.js';
import { createPipeline, type Pipeline } from '../../../sw/pipeline/pipeline.js';
import { serve } from '../../../sw/platform/endpoint.js';
import { restoreRequest } from '../../../sw/platform/transport.js';
import { wakeUps, type SyncEventLike } from '../../../sw/platform/wake-ups.js';
import type { Ports } from '../../../sw/ports.js';
import type { SyncEvent } from '../../../sw/protocol/events.js';
import { readOptions } from '../../../sw/read-options.js';
import { storedCheckpoints } from '../../../sw/store/checkpoints.js';
import { connect } from '../../../sw/store/connection.js';
import { storedOutbox } from '../../../sw/store/outbox.js';
import type { Process } from '../agenda.js';
import { hosts, type Connection } from '../disk/idb.js';
import type { World } from '../world.js';
import { backendsOf, ORIGIN } from '../setup.js';
import { FetchEvent, type OpenFetch } from './fetch-event.js';

/** A worker keeps no event open for longer: the browser ends it. In milliseconds. */
const EVENT_MS = 300_000;

/** A worker without open events is stopped after this, in milliseconds. */
const IDLE_MS = 30_000;

/** Chromium lets nested timers ring no sooner. In milliseconds. */
const LEAST_TIMER_MS = 4;

/** More timers of 0 ms than this within so many milliseconds are a busy loop. */
const SPINS = 100;
const SPIN_MS = 1_000;

/** How long a Background Sync event is made use of, as `install` has it. */
const LINGER_MS = 60_000;

/**
 * One running service worker: what `install` puts together, over the simulated machine. It may die at any call of a
 * port.
 */
export class Worker implements Process {
  isAlive = true;
  /** In milliseconds since the epoch. */
  readonly startedAt: number;
  readonly fetches = new Set<FetchEvent>();
  /** Events on their way to it. */
  readonly undelivered = new Set<(worker: Worker) => void>();
  readonly connections = new Set<Connection>();
  /** It dies at the port call that brings this to 0. */
  diesIn = Infinity;
  #open = 0;
  #spins = 0;
  #hasSpun = false;
  #spinsSince = 0;
  #idleSince = 0;
  #pipeline!: Pipeline;
  #answer!: ReturnType<typeof serve>;
  #backgroundSync!: ReturnType<typeof wakeUps>;

  constructor(
    readonly world: World,
    readonly name: string,
    readonly version: number,
  ) {
    this.startedAt = world.now();
  }

  /** Runs the worker's script. */
  begin(): void {
    const { world, name } = this;
    hosts.set(name, { process: this, disk: world.disk, port: this.port, connections: this.connections });
    this.#backgroundSync = wakeUps(world.browser.registration, () => world.network.isOnline);
    const ports = this.#ports();
    const configs = readOptions({ backends: backendsOf(world.setup) }, { location: `${ORIGIN}/sw.js`, warn: () => {} });
    this.#pipeline = createPipeline({ ports, configs, location: `${ORIGIN}/sw.js`, instance: name });
    world.broadcasts.listen(this, (message) => this.#pipeline.report.heard(message as SyncEvent));
    this.#answer = serve(this.#pipeline.api, this.#pipeline.scheduler.idle);
    this.#stopWhenIdle();
  }

  /** A call of a port: it may be the last one. */
  readonly port = (what: string): void => {
    this.world.calls++;
    if (this.isAlive && --this.diesIn < 0) this.die(`at ${what}`);
  };

  die(why: string): void {
    if (!this.isAlive) return;
    const { world } = this;
    world.history.trace(() => `${this.name} DIES ${why}`);
    world.died(this);
    this.isAlive = false;
    world.ends++;
    hosts.delete(this.name);
    world.disk.died(this);
    world.locks.died(this);
    world.browser.workerDied(this);
  }

  fetch(open: OpenFetch): void {
    const event = new FetchEvent(this.world, this, open);
    const { intercept, overhear, scheduler, state } = this.#pipeline;
    const { request } = event;
    const backend = backendFor(request, state, () => {});
    if (!backend) {
      const learning = overhear(request);
      if (learning) this.extend(learning);
      event.answer(this.world.network.send(this, request, request.signal));
      return;
    }
    const response = intercept(request, backend, event.context);
    this.extend(response.then(() => scheduler.idle(), () => {}));
    event.answer(response);
  }

  message(data: unknown, source: { postMessage(data: unknown): void }): void {
    this.#answer({ data, source, waitUntil: (work: Promise<unknown>) => this.extend(work) } as unknown as ExtendableMessageEvent);
  }

  activate(): void {
    const { activated, connectivityChanged, scheduler, remote } = this.#pipeline;
    activated();
    connectivityChanged(false);
    void scheduler.hurry();
    void remote.refresh();
  }

  /** Gives whether all is done; rejects as the event does. */
  sync(tag: string): Promise<boolean> {
    const taken = this.#backgroundSync.take({ tag } as SyncEventLike);
    if (!taken) return Promise.resolve(true);
    const { connectivityChanged, scheduler } = this.#pipeline;
    if (taken.news) {
      connectivityChanged(true);
      this.extend(scheduler.hurry());
    }
    const lingering = scheduler.linger(LINGER_MS).then((isDone) => {
      this.#backgroundSync.done();
      return isDone;
    });
    this.extend(lingering);
    return lingering;
  }

  /** Keeps the worker alive until the work is done. */
  extend(work: Promise<unknown>): void {
    const { agenda } = this.world;
    this.#open++;
    const stop = agenda.in(EVENT_MS, null, () => this.die('as an event was open for too long'));
    const end = () => {
      stop();
      this.#open--;
      this.#stopWhenIdle();
    };
    work.then(end, end);
  }

  get isIdle(): boolean {
    return this.#open === 0 && this.fetches.size === 0;
  }

  #stopWhenIdle(): void {
    if (!this.isIdle || !this.isAlive) return;
    const { agenda, browser } = this.world;
    const since = (this.#idleSince = agenda.now);
    const isOld = browser.active !== this.version && browser.installing !== this;
    agenda.in(isOld ? 1 : IDLE_MS, null, () => {
      if (this.isIdle && this.#idleSince === since) this.die('as it has nothing to do');
    });
  }

  /** One timer after the other that rings at once is a loop that waits for what no time brings. */
  #countTimer(ms: number): void {
    const { now } = this.world.agenda;
    if (ms > 0 || now - this.#spinsSince > SPIN_MS) {
      this.#spins = 0;
      this.#spinsSince = now;
    }
    if (++this.#spins === SPINS && !this.#hasSpun) this.#spun();
  }

  #spun(): void {
    this.#hasSpun = true;
    this.world.history.violated('no spinning', `${this.name} has set ${SPINS} timers of 0 ms within a second`);
  }

  #ports(): Ports {
    const { world, port } = this;
    const { agenda, chances, locks, network, broadcasts } = world;
    const random = chances.of(`chance of ${this.name}`);
    const clock: Ports['clock'] = {
      now: world.now,
      after: (ms, task) => {
        this.#countTimer(ms);
        return agenda.in(Math.max(ms, LEAST_TIMER_MS), this, task);
      },
    };
    const connection = connect({ clock, makeRoom: async () => {}, name: this.name });
    let uuids = 0;
    const print = (...words: unknown[]) => world.history.trace(() => words.map(String).join(' '));
    return {
      clock,
      chance: {
        fraction: random,
        bytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(random() * 256)),
        uuid: () => `${this.name}-${uuids++}`,
      },
      restore: restoreRequest,
      send: async (request, signal) => {
        port('send');
        return network.send(this, request, signal);
      },
      digest: async (content) => {
        port('digest');
        await agenda.wait(chances.step('digest'), this);
        return digestOf(typeof content === 'string' ? content : new TextDecoder().decode(content));
      },
      locks: {
        exclusive: (name, work) => {
          port('lock');
          return locks.exclusive(this, name, work);
        },
        keep: (name) => locks.keep(this, name),
        isHeld: async (name) => (await locks.held(this, name)).includes(name),
        held: (prefix) => locks.held(this, prefix),
        getsFree: (name, ms) => {
          port('lock');
          return locks.getsFree(this, name, ms);
        },
      },
      outbox: storedOutbox(connection),
      checkpoints: storedCheckpoints(connection),
      broadcast: (event) => {
        port(`broadcast ${event.type}`);
        world.told(this, event);
        broadcasts.send(this, event);
      },
      isOnline: () => network.isOnline,
      storage: async () => ({ persisted: null, usage: null, quota: null }),
      isActive: () => world.browser.active === this.version,
      askForWakeUp: () => this.#backgroundSync.ask(),
      log: { info: print, warn: print, error: print },
    };
  }
}

/** Two rounds of FNV-1a: what two texts have in common by chance is one in 2^64. */
function digestOf(text: string): string {
  let [low, high] = [0x811c9dc5, 0xcbf29ce4];
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ code, 0x01000193) ^ (low >>> 15);
  }
  return (low >>> 0).toString(16).padStart(8, '0') + (high >>> 0).toString(16).padStart(8, '0');
}
