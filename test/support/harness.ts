import type { RetryGate } from '../../sw/policy/retry-gate.js';
import { backendFor } from '../../sw/pipeline/capture/intercept.js';
import { createAdoption } from '../../sw/pipeline/adoption.js';
import { createPipeline } from '../../sw/pipeline/pipeline.js';
import { createNeighbours } from '../../sw/pipeline/workers/neighbours.js';
import type { Report } from '../../sw/pipeline/report.js';
import { workerLock } from '../../sw/pipeline/workers/neighbours.js';
import { restoreRequest } from '../../sw/platform/transport.js';
import type { BackendOptions } from '../../sw/options.js';
import { readOptions } from '../../sw/read-options.js';
import type { SyncApi } from '../../sw/protocol/api.js';
import type { Made } from '../../sw/protocol/comlink.js';
import type { SyncEvent } from '../../sw/protocol/events.js';
import type { Clock, Locks, OldQueue, Ports } from '../../sw/ports.js';
import type { TestOutbox } from './stored-outbox.js';
import { memoryCheckpoints } from '../../sw/store/checkpoints.js';
import { memoryOutbox } from './memory-outbox.js';
import { settle, virtualClock, type VirtualClock } from './virtual-clock.js';

export const ORIGIN = 'https://app.example';

/** An error is what the send rejects with. */
export type Reply = Response | Error | 'drop' | 'hang';

export interface Harness {
  /** What happened, in order, with virtual times: `'0 send a'`, `'0 held auth-expired'`. */
  log: string[];
  events: SyncEvent[];
  /** The `seq` of each entry that changed without an event. */
  changed: number[];
  clock: VirtualClock;
  outbox: TestOutbox;
  api: SyncApi;
  /** The calls, as a page made them a while ago. */
  madeAs(made: Made): SyncApi;
  /** How the server answers from now on. `count` is the number of the request, from 0; `signal` ends the connection. */
  server(reply: (request: Request, count: number, signal: AbortSignal) => Reply | Promise<Reply>): void;
  /** What the page fetches; null where Holdfast leaves it alone. */
  fetch(path: string, init?: RequestInit & { body?: string; clientId?: string; /** The page never takes its answer. */ gone?: boolean }): Promise<Response | null>;
  /** Posts a body under `/api`, with the token that's given. */
  post(body: string, init?: { token?: string; headers?: Record<string, string>; path?: string }): Promise<Response>;
  /** The network is away, and the browser says so. With `isWrong` only the browser says so. */
  goOffline(isWrong?: boolean): void;
  goOnline(): void;
  /** The worker dies, and a new one starts on the same disk. */
  restart(): void;
  /** Another worker starts on the same disk, and the first lives on; later calls of the harness go to the new worker. */
  second(): void;
  /** As `second`, with ways to reach the first worker and to end it. */
  update(): { fetchAtFirst: Harness['fetch']; apiAtFirst: SyncApi; killFirst(): void; activate(): void };
  look(): Promise<void>;
  /** Asks for the remote configuration, as an activation does. */
  activate(): Promise<void>;
  linger(ms: number, isInTheWay?: () => boolean): Promise<boolean>;
  /** Takes over the requests that another library's queue owes; null where there's no queue. */
  adopt(queue: OldQueue | null): Promise<number>;
  /** The cookies that the worker sees; undefined takes a cookie away. */
  cookies: Record<string, string | undefined>;
  /** Holds up the making of digests. */
  slowDigest(wait: (content: string) => Promise<void>): void;
  printed: string[];
  /** When the worker has asked the browser for a wake-up. */
  wakeUpsAsked: number[];
}

export interface HarnessOptions {
  backends?: BackendOptions[];
  /** In [0, 1). @default 0.999999: the longest wait, almost */
  random?: () => number;
  gate?: RetryGate;
  onEvent?: (event: SyncEvent) => void;
  locale?: string;
  /** @default in memory */
  store?: (clock: VirtualClock, isAlone: () => boolean) => TestOutbox;
  /** What the clock waits for at each timer. A real server needs more than turns of the event loop. @default settle */
  rest?: () => Promise<void>;
}

/** A whole worker without a browser: the real pipeline and policies, a memory outbox, a virtual clock. */
export function createHarness({ backends = [{ baseUrl: '/api' }], random = () => 1, onEvent, locale, store = memoryOutbox, rest }: HarnessOptions = {}): Harness {
  const clock = virtualClock(rest);
  const outbox = store(clock, () => isAlone());
  const checkpoints = memoryCheckpoints();
  const log: string[] = [];
  const events: SyncEvent[] = [];
  const changed: number[] = [];
  const printed: string[] = [];
  const wakeUpsAsked: number[] = [];
  const locks = memoryLocks(clock);
  let isAlone = () => false;
  const cookies: Harness['cookies'] = {};
  let online = true;
  let isAway = false;
  let count = 0;
  let ids = 0;
  let reply: (request: Request, count: number, signal: AbortSignal) => Reply | Promise<Reply> = () => new Response(null, { status: 201 });
  /** An update's worker is the active one. */
  let newest = '';
  const reports = new Set<Report>();
  let beforeDigest = async (_content: string) => {};
  let worker = start();

  function start() {
    const print = (...words: unknown[]) => void printed.push(words.map((word) => (word instanceof Error ? word.message : typeof word === 'string' ? word : JSON.stringify(word))).join(' '));
    const workerId = `worker-${ids++}`;
    newest = workerId;
    const ports: Ports = {
      clock,
      chance: {
        fraction: random,
        bytes: (size) => Uint8Array.from({ length: size }, () => ids++ % 256),
        uuid: () => `uuid-${ids++}`,
      },
      restore: restoreRequest,
      async send(request, signal = request.signal) {
        // A HEAD of ours finds out that nobody is there, however often.
        if (isAway && request.method === 'HEAD') throw new TypeError('fetch failed');
        const body = await request.clone().text();
        const token = request.headers.get('authorization')?.replace('Bearer ', ' ') ?? '';
        log.push(`${clock.now()} send ${body || new URL(request.url).pathname}${token}`);
        const answer = await reply(request, count++, signal);
        if (answer === 'drop') throw new TypeError('fetch failed');
        if (answer instanceof Error) throw answer;
        if (answer !== 'hang') return answer;
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
      digest: async (content) => {
        const text = typeof content === 'string' ? content : new TextDecoder().decode(content);
        await beforeDigest(text);
        return `digest of ${text}`;
      },
      locks,
      outbox,
      checkpoints,
      broadcast: (given) => {
        // As a BroadcastChannel does, which refuses what can't be cloned.
        const event = structuredClone(given);
        if (event.type === 'changed') changed.push(event.seq);
        if (event.type === 'token' && event.isLost) log.push(`${clock.now()} asks pages for their token`);
        if (event.type === 'token' || event.type === 'changed') return;
        events.push(event);
        log.push(describe(event));
        for (const other of reports) if (other !== report) other.heard(event);
      },
      isOnline: () => online,
      cookie: async (name) => cookies[name] ?? null,
      storage: async () => ({ persisted: null, usage: null, quota: null }),
      isActive: () => newest === workerId,
      askForWakeUp: () => void wakeUpsAsked.push(clock.now()),
      log: { info: print, warn: print, error: print },
    };
    // Tests that want the network validated say so, as the validation is one more request in the log.
    const given = backends.map((backend) => ({ ...(!backend.gate && { validate: false as const }), ...backend }));
    const configs = readOptions({ backends: given, ...(locale !== undefined && { locale }) }, { location: `${ORIGIN}/sw.js`, warn: print });
    const neighbours = createNeighbours(locks, workerId, ports.isActive);
    isAlone = neighbours.isAlone;
    const pipeline = createPipeline({
      ports,
      configs,
      location: `${ORIGIN}/sw.js`,
      workerId,
      neighbours,
      onEvent,
      locale,
    });
    const { report } = pipeline;
    reports.add(report);
    return { ...pipeline, ports, workerId, print };
  }

  const harness: Harness = {
    log,
    events,
    changed,
    printed,
    wakeUpsAsked,
    cookies,
    clock,
    outbox,
    // Calls go to the newest worker, also from a test that has taken `api` out of the harness before.
    api: new Proxy({} as SyncApi, { get: (_, name: keyof SyncApi) => worker.calls()[name] }),
    madeAs: (made) => worker.calls(made),
    server: (next) => {
      reply = next;
    },
    fetch: (path, init) => fetchAt(worker, path, init),
    async post(body, { token, headers = {}, path = '/api/notes' } = {}) {
      const authorization = token === undefined ? {} : { Authorization: `Bearer ${token}` };
      const response = await harness.fetch(path, { method: 'POST', body, headers: { ...authorization, ...headers } });
      if (!response) throw new Error(`${path} was left alone`);
      await settle();
      return response;
    },
    goOffline: (isWrong = false) => {
      online = false;
      isAway = !isWrong;
    },
    goOnline: () => {
      online = true;
      isAway = false;
    },
    restart: () => {
      locks.forget();
      clock.forget();
      worker = start();
    },
    second: () => {
      worker = start();
    },
    update: () => {
      const first = worker;
      worker = start();
      return {
        fetchAtFirst: (path, init) => fetchAt(first, path, init),
        apiAtFirst: first.calls(),
        killFirst: () => locks.release(workerLock(first.workerId)),
        activate: () => worker.activated(),
      };
    },
    look: () => worker.drain.nudge(),
    activate: () => worker.remote.refresh(),
    linger: (ms, isInTheWay) => worker.drain.linger(ms, isInTheWay),
    adopt: (queue) => createAdoption(worker)(async () => queue),
    slowDigest: (wait) => {
      beforeDigest = wait;
    },
  };
  return harness;

  async function fetchAt(
    { state, print, intercept, overhear }: ReturnType<typeof start>,
    path: string,
    { clientId = 'page', gone = false, ...init }: NonNullable<Parameters<Harness['fetch']>[1]> = {},
  ): Promise<Response | null> {
    const request = new Request(new URL(path, ORIGIN), init);
    const backend = backendFor(request, state, print);
    if (!backend) {
      await overhear(request);
      return null;
    }
    let answered = () => {};
    const handled = new Promise<void>((resolve) => (answered = resolve));
    const context = { clientId, handled, waitUntil: () => {} };
    return intercept(request, backend, context).finally(() => gone || answered());
  }

  function describe(event: SyncEvent): string {
    const about = 'id' in event && event.id && !/^[0-9A-Z]{26}$/.test(event.id) ? ` ${event.id}` : '';
    const reason = 'reason' in event ? ` ${event.reason}` : '';
    const delay = event.type === 'retrying' ? ` ${Math.round(event.delayMs)}` : '';
    return `${clock.now()} ${event.type}${about}${reason}${delay}`;
  }
}

/** Locks within one process. `forget` is the death of their holder. */
function memoryLocks(clock: Pick<Clock, 'after'>): Locks & { forget(): void; release(name: string): void } {
  let tails = new Map<string, Promise<unknown>>();
  const kept = new Set<string>();
  const waiters = new Set<{ name: string; granted(): void }>();
  const release = (name: string) => {
    kept.delete(name);
    for (const waiter of waiters) if (waiter.name === name) waiter.granted();
  };
  return {
    exclusive(name, work) {
      const turn = (tails.get(name) ?? Promise.resolve()).then(work);
      tails.set(name, turn.catch(() => {}));
      return turn;
    },
    keep: (name) => void kept.add(name),
    isHeld: async (name) => kept.has(name),
    held: async (prefix) => [...kept].filter((name) => name.startsWith(prefix)),
    getsFree: (name, ms) =>
      new Promise((resolve) => {
        if (!kept.has(name)) return resolve(true);
        const end = (isFree: boolean) => {
          waiters.delete(waiter);
          stop();
          resolve(isFree);
        };
        const waiter = { name, granted: () => end(true) };
        const stop = clock.after(ms, () => end(false));
        waiters.add(waiter);
      }),
    release,
    forget: () => {
      tails = new Map();
      for (const name of kept) release(name);
    },
  };
}

/** The device is online again, under a server that answers as `reply` says. */
export async function online(harness: Harness, reply: (request: Request, count: number) => Reply | Promise<Reply>): Promise<void> {
  harness.server(reply);
  harness.goOnline();
  await harness.api.wake('online');
  await harness.clock.advance(1_000);
}
