import type { World } from '../world.js';
import { KeyRange } from '../disk/keys.js';
import { Page } from './page.js';

/** The globals of whichever page has its turn, as the product's client takes them from its window. Gives the way back. */
export function installGlobals(world: World): () => void {
  const { agenda, broadcasts } = world;
  const real = new Map<string, PropertyDescriptor | undefined>();
  const define = (name: string, descriptor: PropertyDescriptor) => {
    real.set(name, Object.getOwnPropertyDescriptor(globalThis, name));
    Object.defineProperty(globalThis, name, { configurable: true, ...descriptor });
  };
  const page = () => (agenda.current instanceof Page ? agenda.current : null);
  const of = <Name extends 'document' | 'navigator'>(name: Name) => define(name, { get: () => page()?.[name] });
  const realAny = AbortSignal.any;
  AbortSignal.any = anyOf;
  const { setTimeout: realSetTimeout, clearTimeout: realClearTimeout } = globalThis;
  const realNow = Date.now;
  const realRandom = Math.random;
  const realConsole = { warn: console.warn, error: console.error };

  of('document');
  of('navigator');
  const location = new URL('https://app.example/');
  define('location', { value: location });
  define('origin', { value: location.origin });
  define('IDBKeyRange', { value: KeyRange });
  define('addEventListener', { value: (...args: Parameters<EventTarget['addEventListener']>) => page()?.window.addEventListener(...args) });
  define('removeEventListener', { value: (...args: Parameters<EventTarget['removeEventListener']>) => page()?.window.removeEventListener(...args) });
  const realFetch = globalThis.fetch;
  define('fetch', {
    value: (...args: Parameters<typeof fetch>) => {
      const mine = page();
      const request = mine && new Request(...args);
      return mine ? world.feeds.fetch(mine, request!, args[1]?.signal ?? request!.signal) : realFetch(...args);
    },
  });
  define('setTimeout', {
    writable: true,
    value: (task: () => void, ms = 0, ...rest: unknown[]) => {
      const mine = page();
      return mine ? agenda.in(ms, mine, task) : realSetTimeout(task, ms, ...rest);
    },
  });
  define('clearTimeout', {
    writable: true,
    value: (timer: unknown) => (typeof timer === 'function' ? (timer as () => void)() : realClearTimeout(timer as NodeJS.Timeout)),
  });
  define('BroadcastChannel', {
    value: class extends EventTarget {
      #stop = () => {};
      constructor() {
        super();
        const mine = page();
        if (mine) this.#stop = broadcasts.listen(mine, (data) => void this.dispatchEvent(new MessageEvent('message', { data })));
      }
      close() {
        this.#stop();
      }
    },
  });
  Date.now = () => (agenda.current ? world.now() : realNow());
  Math.random = () => (agenda.current ? world.chances.of('chance of pages')() : realRandom());
  console.warn = (...words) => (agenda.current ? world.history.trace(() => words.map(String).join(' ')) : realConsole.warn(...words));

  return () => {
    for (const [name, descriptor] of real) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else Reflect.deleteProperty(globalThis, name);
    }
    AbortSignal.any = realAny;
    Date.now = realNow;
    Math.random = realRandom;
    Object.assign(console, realConsole);
  };
}

/** As `AbortSignal.any`, of which Node 20 keeps each signal that anybody listens to, with all that the listener knows: a run would never be let go. */
function anyOf(signals: Iterable<AbortSignal>): AbortSignal {
  const controller = new AbortController();
  for (const signal of signals) {
    const abort = () => controller.abort(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  }
  return controller.signal;
}
