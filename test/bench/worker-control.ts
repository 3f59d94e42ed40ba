/** A variant's worker, seen from outside: by DevTools' protocol. */
import type { CDPSession, Page } from 'playwright';
import { attachTo, type Target } from '../support/target.js';

/** How a variant's worker gets a new one in its place. */
export interface WorkerLife {
  /** Stops the worker, and resolves when it's stopped. */
  stop(): Promise<void>;
  /** Makes sure that a stopped worker can be asked for something. */
  start(): Promise<void>;
}

export interface WorkerControl extends WorkerLife {
  isStopped(): Promise<boolean>;
  /** Fires a sync event of Background Sync, as the browser does when it's back online. */
  sync(tag: string): Promise<void>;
  /** The worker's heap after a collection, in bytes. */
  heap(): Promise<number>;
  /** Evaluates an expression in the worker; gives its value, which must be plain. */
  evaluate(expression: string): Promise<unknown>;
  /** Runs the work under the CPU profiler; gives the profile as DevTools reads it. */
  profiled(work: () => Promise<void>): Promise<unknown>;
}

interface Version {
  versionId: string;
  registrationId: string;
  scriptURL: string;
  status: string;
  runningStatus: string;
}

/** A stop that takes longer has failed, in milliseconds. */
const STOP_MS = 10_000;

export function workerControl(page: Page, origin: string): WorkerControl {
  /** Listens to what the browser says of the origin's workers. It tells them all at once when it's asked to. */
  async function watched<T>(work: (session: CDPSession, current: () => Version, changed: () => Promise<void>) => Promise<T>): Promise<T> {
    const session = await page.context().newCDPSession(page);
    const versions = new Map<string, Version>();
    let hear = () => {};
    const changed = () => new Promise<void>((resolve) => void (hear = resolve));
    session.on('ServiceWorker.workerVersionUpdated', ({ versions: told }: { versions: Version[] }) => {
      for (const version of told) if (version.scriptURL.startsWith(origin)) versions.set(version.versionId, version);
      hear();
    });
    const current = () => {
      const [active, ...more] = [...versions.values()].filter(({ status }) => status === 'activated');
      if (!active || more.length > 0) throw new Error(`${origin} has ${more.length + (active ? 1 : 0)} active workers, not one`);
      return active;
    };
    try {
      await session.send('ServiceWorker.enable');
      while (![...versions.values()].some(({ status }) => status === 'activated')) await changed();
      return await work(session, current, changed);
    } finally {
      await session.detach();
    }
  }

  /** Speaks to the worker itself. */
  async function attached<T>(work: (send: Target['send']) => Promise<T>): Promise<T> {
    const browser = page.context().browser();
    if (!browser) throw new Error('the context has no browser to ask');
    const session = await browser.newBrowserCDPSession();
    const { targetInfos } = await session.send('Target.getTargets');
    const found = targetInfos.find(({ type, url }) => type === 'service_worker' && url.startsWith(origin));
    if (!found) throw new Error(`there's no worker running at ${origin}`);
    const target = await attachTo(session, found.targetId);
    try {
      return await work(target.send);
    } finally {
      await target.detach();
      await session.detach();
    }
  }

  return {
    stop: () =>
      watched(async (session, current, changed) => {
        const { versionId, runningStatus } = current();
        if (runningStatus === 'stopped') return;
        await session.send('ServiceWorker.stopWorker', { versionId });
        const end = AbortSignal.timeout(STOP_MS);
        const late = new Promise<never>((_, reject) =>
          end.addEventListener('abort', () => reject(new Error(`the worker of ${origin} doesn't stop within ${STOP_MS} ms`))),
        );
        while (current().runningStatus !== 'stopped') await Promise.race([changed(), late]);
      }),
    // The next message starts it.
    start: async () => {},
    isStopped: () => watched(async (_, current) => current().runningStatus === 'stopped'),
    sync: (tag) =>
      watched(async (session, current) => {
        const { registrationId } = current();
        await session.send('ServiceWorker.dispatchSyncEvent', { origin, registrationId, tag, lastChance: false });
      }),
    heap: () =>
      attached(async (send) => {
        await send('HeapProfiler.enable');
        await send('HeapProfiler.collectGarbage');
        const { usedSize } = (await send('Runtime.getHeapUsage')) as { usedSize: number };
        return usedSize;
      }),
    evaluate: (expression) =>
      attached(async (send) => {
        const evaluated = await send('Runtime.evaluate', { expression, returnByValue: true });
        const { result, exceptionDetails } = evaluated as { result: { value: unknown }; exceptionDetails?: { text: string } };
        if (exceptionDetails) throw new Error(`${exceptionDetails.text} in the worker of ${origin}`);
        return result.value;
      }),
    profiled: (work) =>
      attached(async (send) => {
        await send('Profiler.enable');
        await send('Profiler.start');
        await work();
        return ((await send('Profiler.stop')) as { profile: unknown }).profile;
      }),
  };
}
