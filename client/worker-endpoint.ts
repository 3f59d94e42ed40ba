import type { Endpoint } from 'comlink';
import { isCallMessage, thrown } from '../sw/protocol/comlink.js';

/** How long a call may take, and when all of them end. */
export interface EndpointOptions {
  /** Milliseconds after which a call without an answer fails with a `TimeoutError`. @default 10000 */
  deadlineMs?: number | undefined;
  /** Ends the endpoint: calls under way fail, and no listener stays behind. */
  signal?: AbortSignal;
}

/** When a call that got no answer is sent again, in milliseconds. A worker that's killed may swallow it. */
const REPEATS_MS = [1_000, 3_000, 6_000];

/** Calls of which the last one counts: none that's repeated may come after a later one. */
const LAST_COUNTS = /^(provide|sign|configure|pause|resume)/;

/**
 * A Comlink endpoint to the registration's active worker, with no MessagePort that could be lost: a
 * call starts a stopped worker, is repeated when a restart swallowed it or another worker takes over,
 * and fails at its deadline.
 *
 * @example
 * const sync = Comlink.wrap(workerEndpoint(await navigator.serviceWorker.ready));
 * await sync.provideToken(token);
 */
export function workerEndpoint(
  registration: ServiceWorkerRegistration,
  { deadlineMs = 10_000, signal }: EndpointOptions = {},
): Endpoint {
  const container = navigator.serviceWorker;
  const listeners = new Set<(event: MessageEvent) => void>();
  const calls = new Map<string, { post(): void; stop(): void }>();
  /** Each posts one of those that have no answer yet; in the order in which the page has made them. */
  const inOrder = new Set<() => void>();

  const deliver = (event: MessageEvent) => {
    for (const listener of listeners) listener(event);
  };
  const fail = (id: string, name: string, message: string) => {
    calls.get(id)?.stop();
    deliver(new MessageEvent('message', { data: { ...thrown(new DOMException(message, name)), id } }));
  };
  const hear = (event: MessageEvent) => {
    const call = calls.get((event.data as { id: string } | null)?.id as string);
    if (!call) return;
    call.stop();
    deliver(event);
  };
  // What the worker before was asked may have gone with it, or it was one without Holdfast.
  const askAgain = () => calls.forEach(({ post }) => post());
  const on = signal ? { signal } : {};
  container.addEventListener('message', hear, on);
  container.addEventListener('controllerchange', askAgain, on);
  container.startMessages();
  signal?.addEventListener('abort', () => {
    calls.forEach((_, id) => fail(id, 'AbortError', 'holdfast: the client is closed'));
  });

  return {
    addEventListener: (_type, listener) => void listeners.add(listener as (event: MessageEvent) => void),
    removeEventListener: (_type, listener) => void listeners.delete(listener as (event: MessageEvent) => void),
    postMessage(message: unknown, transfer?: Transferable[]) {
      if (!isCallMessage(message)) throw new TypeError('holdfast: this endpoint carries Comlink messages only');
      const { id, path } = message;
      const at = Date.now();
      const post = (withTransfer: Transferable[] = [], again = true) => registration.active?.postMessage({ ...message, holdfast: 1, made: { at, again } }, withTransfer);
      // Comlink lets go of a proxy; there's nothing to hear about it.
      if (message.type === 'RELEASE') return;
      const isLasting = LAST_COUNTS.test(String(path));
      const again = isLasting ? () => inOrder.forEach((one) => one()) : post;
      const timers = REPEATS_MS.map((ms) => setTimeout(again, ms));
      timers.push(
        setTimeout(
          () => fail(id, 'TimeoutError', `holdfast: the worker ${registration.active?.scriptURL} gave no answer within ${deadlineMs} ms`),
          deadlineMs,
        ),
      );
      calls.set(id, {
        post,
        stop() {
          timers.forEach(clearTimeout);
          calls.delete(id);
          inOrder.delete(post);
        },
      });
      if (signal?.aborted) return fail(id, 'AbortError', 'holdfast: the client is closed');
      // A dying worker may have swallowed an earlier call, which would be repeated after this one.
      if (isLasting) again();
      post(transfer, false);
      if (isLasting) inOrder.add(post);
    },
  };
}
