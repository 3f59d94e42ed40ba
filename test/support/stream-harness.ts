import { connectivityGate } from '../../sw/policy/retry-gate.js';
import { memoryCheckpoints } from '../../sw/store/checkpoints.js';
import type { StreamEvent } from '../../client/stream/events.js';
import { streamEvents, type StreamPlan, type StreamPorts } from '../../client/stream/stream.js';
import { streamToken, type AskToken } from '../../client/stream/token.js';
import { settle, virtualClock, type VirtualClock } from './virtual-clock.js';

/** What the server says to one request: an answer, or text of a stream and how it ends. */
export type StreamReply =
  | Response
  | 'drop'
  | 'hang'
  | { text: string | string[]; ends?: 'close' | 'reset' | 'hang'; type?: string };

export interface StreamHarness {
  /** What happened, in order, with virtual times: `'0 GET after 7'`, `'0 event 8'`, `'0 saved 8'`. */
  log: string[];
  clock: VirtualClock;
  /** The id in the checkpoint store. */
  stored(): Promise<string | null>;
  store(id: string): Promise<void>;
  /** How the server answers, one request after the other; the last one goes on. */
  server(...replies: (StreamReply | ((headers: Headers) => StreamReply))[]): void;
  headers: Headers[];
  /** A new stream; an earlier stream is left alone, as by a page that's gone. */
  open(plan?: Partial<StreamPlan<string>> & { ask?: AskToken | null }): AsyncGenerator<StreamEvent, void, undefined>;
  /** Reads to the stream's end, or until the stream has given `count` events; the log says how the stream ended. */
  read(stream: AsyncGenerator<StreamEvent, void, undefined>, count?: number): Promise<void>;
  end: AbortController;
  online(isOnline: boolean): void;
  /** Listeners of the gate, timers aren't counted. */
  listeners(): number;
  timers(): number;
  /** Requests that are open: not answered, or their body not at its end. */
  flying(): number;
  /** Checkpoint writes are answered by `save` from now on. */
  saves(save: (id: string) => Promise<void>): void;
}

export const KEY = '|https%3A%2F%2Fapp.example%2Fapi|feed';

export interface StreamHarnessOptions {
  /** In [0, 1). @default 0: no jitter */
  random?: () => number;
}

/** A stream without a browser: the real loop and policies, a virtual clock, a server that's a list of answers. */
export function createStreamHarness({ random = () => 0 }: StreamHarnessOptions = {}): StreamHarness {
  const checkpoints = memoryCheckpoints();
  const virtual = virtualClock();
  const log: string[] = [];
  const headers: Headers[] = [];
  const changes = new Set<() => void>();
  let replies: (StreamReply | ((headers: Headers) => StreamReply))[] = ['hang'];
  let isOnline = true;
  let timers = 0;
  let flying = 0;
  let save = (id: string) => checkpoints.save(KEY, id);
  const say = (words: string) => void log.push(`${virtual.now()} ${words}`);

  const clock: VirtualClock = {
    ...virtual,
    after(ms, task) {
      timers++;
      let armed = true;
      const disarm = () => {
        if (armed) timers--;
        armed = false;
      };
      const stop = virtual.after(ms, () => {
        disarm();
        task();
      });
      return () => {
        disarm();
        stop();
      };
    },
  };

  async function fetch(_url: string, { headers: sent, signal }: RequestInit): Promise<Response> {
    const got = new Headers(sent);
    headers.push(got);
    const last = got.get('last-event-id');
    const token = got.get('authorization')?.replace('Bearer ', ' as ') ?? '';
    say(`GET${last === null ? '' : ` after ${last}`}${token}`);
    const next = replies.length > 1 ? replies.shift()! : replies[0]!;
    const reply = typeof next === 'function' ? next(got) : next;
    if (reply instanceof Response) return reply.clone();
    if (reply === 'drop') throw new TypeError('fetch failed');
    flying++;
    if (reply === 'hang') return new Promise((_, reject) => onAbort(signal!, (reason) => (flying--, reject(reason as Error))));
    const { text, ends = 'close', type = 'text/event-stream' } = reply;
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        let open = true;
        const end = (how: () => void) => {
          if (open) flying--;
          open = false;
          how();
        };
        onAbort(signal!, (reason) => open && end(() => controller.error(reason)));
        for (const chunk of [text].flat()) controller.enqueue(new TextEncoder().encode(chunk));
        if (ends === 'close') end(() => controller.close());
        // The bytes that were sent are read before the end.
        if (ends === 'reset') setImmediate(() => open && end(() => controller.error(new TypeError('network error'))));
      },
    });
    return new Response(body, { headers: { 'Content-Type': type } });
  }

  const harness: StreamHarness = {
    log,
    clock,
    headers,
    stored: () => checkpoints.load(KEY),
    store: (id) => checkpoints.save(KEY, id),
    server: (...next) => void (replies = next),
    end: new AbortController(),
    online(next) {
      isOnline = next;
      for (const change of changes) change();
    },
    listeners: () => changes.size,
    timers: () => timers,
    flying: () => flying,
    saves: (next) => void (save = next),
    open({ ask = null, ...plan } = {}) {
      const end = (harness.end = new AbortController());
      const ports: StreamPorts = {
        fetch,
        checkpoints: {
          checkpoint: (key) => checkpoints.load(key),
          async saveCheckpoint(_key, id) {
            await save(id);
            say(`saved ${id}`);
          },
          async clearCheckpoint(key) {
            await checkpoints.clear(key);
            say('cleared');
          },
        },
        gate: connectivityGate({
          isOnline: () => isOnline,
          onChange: (listener) => {
            changes.add(listener);
            return () => changes.delete(listener);
          },
        }),
        after: clock.after,
        now: clock.now,
        random,
        signal: end.signal,
        fail: (error) => end.abort(error),
      };
      return streamEvents(
        {
          url: 'https://app.example/api/feed',
          key: KEY,
          lastEventId: undefined,
          headers: new Headers(),
          init: {},
          token: streamToken('https://app.example/api/feed', ask),
          parse: (text) => text,
          isTerminal: ({ event }) => event === 'done',
          silenceTimeoutMs: 0,
          onState: () => {},
          ...plan,
        },
        ports,
      );
    },
    async read(stream, count = Infinity) {
      try {
        let left = count;
        if (left === 0) return;
        for await (const { id, event, data } of stream) {
          say(`event ${id ?? '-'}${event === 'message' ? '' : ` ${event}`}${data === 'x' ? '' : ` ${data}`}`);
          if (--left === 0) break;
        }
        say('over');
      } catch (error) {
        say(error instanceof Error ? `${error.name}: ${error.message.replace(/^holdfast: the stream \S+ /, '')}` : String(error));
      }
    },
  };
  return harness;
}

function onAbort(signal: AbortSignal, then: (reason: unknown) => void): void {
  if (signal.aborted) then(signal.reason);
  else signal.addEventListener('abort', () => then(signal.reason));
}

/** The text of events, each with the data `x`. */
export const events = (...ids: (number | string)[]): string => ids.map((id) => `id: ${id}\ndata: x\n\n`).join('');
export const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);
export const DONE = 'event: done\ndata: x\n\n';
export { settle };
