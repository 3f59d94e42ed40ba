import { httpUrl, normaliseBaseUrl } from '../sw/policy/base-url.js';
import { check, checkOptions, isUrl, record } from '../sw/policy/rules.js';
import type { AnyUrl } from './any-url.js';
import { ofThisScript } from './errors.js';
import type { StreamEvent } from './stream/events.js';
import { loadStream } from './stream/load.js';
import { OBSERVE_RULES, type ObserveOptions, type ObserveParts } from './stream/options.js';
import { unlessAborted } from './wait.js';

/** The events of a stream; see `SyncClient.observe`. */
export function observe<Data = string>(
  url: string | AnyUrl,
  options: ObserveOptions<Data>,
  parts: ObserveParts,
): AsyncIterableIterator<StreamEvent<Data>> {
  const { href } = httpUrl(url, location.href, 'url', isUrl(url));
  check('options', options ?? null, record('a taskId'));
  checkOptions({ ...options, taskId: options.taskId ?? null }, OBSERVE_RULES);
  const chosen = options.baseUrl === undefined ? null : normaliseBaseUrl(options.baseUrl, location.href);
  const end = new AbortController();

  async function* events(): AsyncGenerator<StreamEvent<Data>, void, undefined> {
    const ended = AbortSignal.any([end.signal, parts.closed, ...(options.signal ? [options.signal] : [])]);
    ended.throwIfAborted();
    // Few pages need it, and it weighs as much as all the rest.
    const { openStream } = await unlessAborted(ended, loadStream());
    yield* openStream({ url: href, baseUrl: chosen, options, parts, ended, fail: (error) => end.abort(error) });
  }
  return endable(events(), end);
}

/** A generator queues a `return` behind the `next` that waits for the network; this one ends that wait. */
function endable<Item>(events: AsyncGenerator<Item, void, undefined>, end: AbortController): AsyncIterableIterator<Item> {
  const letGo = new DOMException('holdfast: nobody reads the stream any more', 'AbortError');
  const over: IteratorReturnResult<undefined> = { done: true, value: undefined };
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () =>
      events.next().catch((error: unknown) => {
        if (error === letGo) return over;
        throw ofThisScript(error);
      }),
    async return() {
      end.abort(letGo);
      await events.return();
      return over;
    },
  };
}
