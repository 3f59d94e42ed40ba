import type { Reference, Settlement, SyncApi } from '../sw/protocol/api.js';
import type { AboutEntry } from '../sw/protocol/events.js';
import type { SyncEventTarget } from './event-target.js';

/** There's neither an entry nor an answer under that id or key. */
export class UnknownEntryError extends Error {
  override name = 'UnknownEntryError';
  constructor(reference: Reference) {
    super(`holdfast: there's no entry ${JSON.stringify(reference)}, and no settlement of the last 24 hours`);
  }
}

/** The final answer to an entry, as `settled` gives it. */
export interface Settled extends Settlement {
  /**
   * The answer's body as JSON; null without a body.
   * @throws SyntaxError when the body isn't JSON, or only its beginning was kept
   */
  json<Data = unknown>(): Data;
}

const TERMINAL = ['delivered', 'failed', 'cancelled'] as const;

/** Not enumerable, so that a settlement is still plain data to clone and to store. */
const withJson = (settlement: Settlement): Settled =>
  Object.defineProperty(settlement as Settled, 'json', { value: () => settlement.body && JSON.parse(new TextDecoder().decode(settlement.body)) });

/** An event can be missed while a page is frozen, so a waiter looks by itself now and then. */
const LOOK_AGAIN_MS = 15_000;

/** Waits for the final answer to an entry; see `SyncClient.settled`. */
export async function settled(events: SyncEventTarget, api: Pick<SyncApi, 'settled' | 'entry'>, id: Reference, ended: AbortSignal): Promise<Settled> {
  for (;;) {
    ended.throwIfAborted();
    const news = newsOf(events, id, ended);
    try {
      const settlement = await api.settled(id);
      if (settlement) return withJson(settlement);
      if (!(await api.entry(id))) {
        // It may have been settled between the two questions.
        const late = await api.settled(id);
        if (late) return withJson(late);
        throw new UnknownEntryError(id);
      }
      await news.promise;
    } finally {
      news.stop();
    }
  }
}

/** Resolves when an event says that the entry has ended, or may have ended unheard. */
function newsOf(events: SyncEventTarget, id: Reference, signal: AbortSignal): { promise: Promise<void>; stop(): void } {
  let stop = () => {};
  const promise = new Promise<void>((resolve, reject) => {
    const hear = ({ detail: about }: CustomEvent<AboutEntry>) => {
      if (about.id === id || about.key === id || about.seq === id) resolve();
    };
    const abort = () => reject(signal.reason);
    const timer = setTimeout(resolve, LOOK_AGAIN_MS);
    for (const type of TERMINAL) events.addEventListener(type, hear);
    signal.addEventListener('abort', abort);
    stop = () => {
      clearTimeout(timer);
      for (const type of TERMINAL) events.removeEventListener(type, hear as EventListener);
      signal.removeEventListener('abort', abort);
    };
  });
  // Nobody may be waiting yet, or any more.
  promise.catch(() => {});
  return { promise, stop };
}
