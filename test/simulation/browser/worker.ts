import { backendFor } from '../../../sw/pipeline/capture/intercept.js';
import { createPipeline, type Pipeline } from '../../../sw/pipeline/pipeline.js';
import { createNeighbours } from '../../../sw/pipeline/workers/neighbours.js';
import { serve } from '../../../sw/platform/endpoint.js';
import { wakeUps, type SyncEventLike } from '../../../sw/platform/wake-ups.js';
import type { SyncEvent } from '../../../sw/protocol/events.js';
import { readOptions } from '../../../sw/read-options.js';
import type { Process } from '../agenda.js';
import { hosts } from '../disk/idb.js';
import { opOf } from '../history.js';
import type { World } from '../world.js';
import { tokensIn } from '../tokens.js';
import { backendsOf, ORIGIN } from '../setup.js';
import { adoptQueues } from '../old-queue.js';
import { FetchEvent, type OpenFetch } from './fetch-event.js';
import type { Ports } from '../../../sw/ports.js';
import { portsOf } from './ports.js';

/** A worker keeps no event open for longer: the browser ends it. In milliseconds. */
const EVENT_MS = 300_000;

/** A worker without open events is stopped after this, in milliseconds. */
const IDLE_MS = 30_000;

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
  /** It dies at the port call that brings this to 0. */
  diesIn = Infinity;
  /** Or at the next call of this one. */
  diesAt: string | null = null;
  #open = 0;
  #idleSince = 0;
  #ports!: Ports;
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
    hosts.set(name, { process: this, disk: world.disk, beside: world.beside, isAheadBy: world.browser.isAheadBy(this.version), port: this.port });
    this.#backgroundSync = wakeUps(world.browser.registration, () => world.network.isOnline);
    const ports = (this.#ports = portsOf(this, () => this.#backgroundSync.ask(), () => neighbours.isAlone()));
    const neighbours = createNeighbours(ports.locks, name, ports.isActive);
    const configs = readOptions({ backends: backendsOf(world.setup, (url) => world.history.posts.get(opOf(url))?.op.fails === 'hook', (ms) => world.agenda.wait(ms, this)) }, { location: `${ORIGIN}/sw.js`, warn: () => {} });
    this.#pipeline = createPipeline({ ports, configs, location: `${ORIGIN}/sw.js`, workerId: name, neighbours });
    world.broadcasts.listen(this, (message) => this.#pipeline.report.heard(message as SyncEvent));
    this.#answer = serve(this.#pipeline.calls, this.#pipeline.drain.idle, () => this.isReplaced);
    this.#stopWhenIdle();
    adoptQueues(world, { ...this.#pipeline, ports });
    world.started(this);
  }

  /** A call of a port: it may be the last one. */
  readonly port = (what: string): void => {
    this.world.calls++;
    if (this.isAlive && (--this.diesIn < 0 || what === this.diesAt)) this.die(`at ${what}`);
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
    world.oldQueue.died(this);
    world.locks.died(this);
    world.browser.workerDied(this);
  }

  fetch(open: OpenFetch): void {
    const event = new FetchEvent(this.world, this, open);
    for (const token of tokensIn(event.request.headers.get('authorization'))) this.world.shown(this, token, open);
    const { intercept, overhear, drain, state } = this.#pipeline;
    const { request } = event;
    const backend = backendFor(request, state, () => {});
    if (!backend) {
      const learning = overhear(request);
      if (learning) this.extend(learning);
      event.answer(this.world.network.send(this, request, request.signal));
      return;
    }
    const response = intercept(request, backend, event.context);
    this.extend(response.then(() => drain.idle(), () => {}));
    event.answer(response);
  }

  message(data: unknown, source: { postMessage(data: unknown): void }): void {
    for (const token of tokensIn(JSON.stringify(data))) this.world.shown(this, token, null);
    this.#answer({ data, source, waitUntil: (work: Promise<unknown>) => this.extend(work) } as unknown as ExtendableMessageEvent);
  }

  activate(): void {
    const { activated, connectivityChanged, drain, remote } = this.#pipeline;
    activated();
    connectivityChanged(false);
    void drain.hurry();
    void remote.refresh();
    adoptQueues(this.world, { ...this.#pipeline, ports: this.#ports });
  }

  /** Gives whether all is done; rejects as the event does. */
  sync(tag: string): Promise<boolean> {
    const taken = this.#backgroundSync.take({ tag } as SyncEventLike);
    if (!taken) return Promise.resolve(true);
    const { connectivityChanged, drain } = this.#pipeline;
    if (taken.news) {
      connectivityChanged(true);
      this.extend(drain.hurry());
    }
    const lingering = drain.linger(LINGER_MS).then((isDone) => {
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

  /** Whether an update has put another worker in its place: `self.serviceWorker.state` is `redundant`. */
  get isReplaced(): boolean {
    return this.world.browser.active > this.version;
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
}
