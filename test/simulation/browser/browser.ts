import type { World } from '../world.js';
import type { OpenFetch } from './fetch-event.js';
import type { Page } from './page.js';
import { Worker } from './worker.js';

/** A browser gives the same fetch event to a second worker, and to no third. */
const DISPATCHES = 2;

/** Chromium gives a tag of Background Sync three attempts, so far apart. In milliseconds. */
const SYNC_ATTEMPTS = 3;
const SYNC_AGAIN_MS = 300_000;

/** The registration: which version of the worker is active, and who gets which event. */
export class Browser {
  /** The version that gets the events. */
  active = 1;
  installing: Worker | null = null;
  /** When the active version became that. */
  activeSince = 0;
  readonly workers: Worker[] = [];
  #starting = new Map<number, ((worker: Worker) => void)[]>();
  #started = 0;
  #versions = 1;
  #releases = new Map<number, number>();
  #sync: { attempts: number } | null = null;

  constructor(readonly world: World) {}

  /** What a worker sees of its registration. */
  readonly registration = {
    sync: {
      register: async () => {
        if (this.#sync) return;
        this.#sync = { attempts: 0 };
        this.fireSync();
      },
    },
  } as unknown as ServiceWorkerRegistration;

  get activeWorker(): Worker | null {
    return this.workers.find(({ version, isAlive }) => isAlive && version === this.active) ?? null;
  }

  get oldWorker(): Worker | null {
    return this.workers.find(({ version, isAlive }) => isAlive && version < this.active) ?? null;
  }

  /** Gives an event to a version's worker, or to that of the active one, for null; it's started if need be. */
  #dispatch(wanted: number | null, way: string, event: (worker: Worker) => void): void {
    const { posts } = this.world;
    posts.send(way, null, null, 'dispatch', () => this.#give(wanted ?? this.active, event));
  }

  #give(version: number, event: (worker: Worker) => void): void {
    const worker = this.workers.find((one) => one.isAlive && one.version === version);
    const waiting = this.#starting.get(version);
    if (waiting) waiting.push(event);
    else if (worker) this.#turn(worker, event);
    // One that was replaced, and has ended, isn't started again.
    else if (version === this.active) this.#start(version, [event]);
  }

  #turn(worker: Worker, event: (worker: Worker) => void): void {
    worker.undelivered.add(event);
    this.world.agenda.in(0, worker, () => {
      worker.undelivered.delete(event);
      event(worker);
    });
  }

  #start(version: number, events: ((worker: Worker) => void)[]): void {
    const { agenda, chances } = this.world;
    this.#starting.set(version, events);
    agenda.in(chances.step('start'), null, () => {
      this.#starting.delete(version);
      // Of a version that was replaced while it was being started, the events go to the one in its place.
      if (version !== this.active) return events.forEach((event) => this.#give(this.active, event));
      const worker = this.#make(version);
      for (const event of events) this.#turn(worker, event);
    });
  }

  #make(version: number): Worker {
    const { agenda } = this.world;
    const worker = new Worker(this.world, `w${++this.#started}`, version);
    this.workers.unshift(worker);
    if (this.workers.length > 8) this.workers.length = 8;
    this.world.history.trace(() => `${worker.name} starts, version ${version}`);
    agenda.in(0, worker, () => worker.begin());
    return worker;
  }

  fetch(open: OpenFetch): void {
    open.dispatches++;
    const post = this.world.history.posts.get(open.op);
    this.#dispatch(null, `fetch ${open.page.name}`, (worker) => {
      if (open.page.isAlive) worker.fetch(open);
      else if (post) post.isLeft = true;
    });
  }

  message(version: number, page: Page, data: unknown): void {
    const copied: unknown = structuredClone(data);
    this.#dispatch(version, `message ${page.name} ${version}`, (worker) => {
      const source = {
        postMessage: (answer: unknown) =>
          this.world.posts.send(`answer ${worker.name} ${page.name}`, worker, page, 'message', () => page.hear(structuredClone(answer))),
      };
      worker.message(copied, source);
    });
  }

  /** By how many versions of the database a worker's is ahead of the product's. */
  isAheadBy(version: number): number {
    return this.#releases.get(version) ?? 0;
  }

  /** Whether the newest release, which may have upgraded the database, isn't active. */
  get isBehind(): boolean {
    return this.isAheadBy(this.active) < this.isAheadBy(this.#versions);
  }

  /** A new version of the worker's script: it's installed beside the active one, and takes over. */
  update(isRelease = false): void {
    if (this.installing?.isAlive) return;
    const { agenda, chances, pages } = this.world;
    this.#versions++;
    this.#releases.set(this.#versions, (this.#releases.get(this.#versions - 1) ?? 0) + (isRelease ? 1 : 0));
    const worker = this.#make(this.#versions);
    this.installing = worker;
    agenda.in(chances.step('start'), null, () => {
      this.installing = null;
      if (!worker.isAlive) return;
      this.active = worker.version;
      this.activeSince = agenda.now;
      this.world.history.trace(() => `${worker.name} is the active one`);
      this.#turn(worker, () => worker.activate());
      for (const old of this.workers) if (old.version < worker.version && old.isAlive && old.isIdle) old.die('as it was replaced');
      for (const page of pages) if (page?.isAlive) agenda.in(chances.step('message'), page, () => page.controllerChanged(worker.version));
    });
  }

  /** What was open at a worker that died comes again, or ends with a network error. */
  workerDied(worker: Worker): void {
    const { agenda, chances, history } = this.world;
    // What hasn't reached it goes to the next one, before all that's still on its way.
    for (const event of worker.undelivered) this.#give(this.active, event);
    for (const event of worker.fetches) {
      const { open, isAnswered } = event;
      if (isAnswered) continue;
      const post = history.posts.get(open.op);
      if (post) {
        post.deaths++;
        if (!history.stored.has(open.op)) post.diedBare = true;
      }
      if (!open.page.isAlive) continue;
      agenda.in(chances.step('dispatch') + chances.again(), null, () => {
        if (open.dispatches < DISPATCHES) {
          this.world.redispatches++;
          this.fetch(open);
        } else agenda.in(0, open.page, () => open.answered(null));
      });
    }
  }

  /** The network is there, or is again. */
  fireSync(): void {
    const { agenda, chances, network } = this.world;
    const sync = this.#sync;
    if (!sync || !network.isOnline) return;
    agenda.in(chances.step('dispatch'), null, () =>
      this.#dispatch(null, 'sync', (worker) => {
        sync.attempts++;
        const again = () => {
          if (sync.attempts < SYNC_ATTEMPTS) agenda.in(SYNC_AGAIN_MS, null, () => this.fireSync());
          else this.#sync = null;
        };
        worker.sync('holdfast').then(
          (isDone) => {
            if (isDone) this.#sync = null;
            else again();
          },
          again,
        );
      }),
    );
  }
}
