import { expose, type Endpoint } from 'comlink';
import type { SyncApi } from '../protocol/api.js';
import { callName, isCallMessage } from '../protocol/comlink.js';

/** A message asked for something that isn't in `SyncApi`. */
export class ProtocolError extends Error {
  override name = 'ProtocolError';
}

/**
 * Answers Comlink calls without a MessagePort. A port dies with the worker, and nobody is told; a
 * message to the active worker starts it again, and its answer goes back through `event.source`.
 *
 * Gives a function that takes a message and says whether it was one of ours.
 *
 * @param settled what the worker must live for when a call has been answered: the drain it set off
 */
export function serve(api: SyncApi, settled: () => Promise<void>): (event: ExtendableMessageEvent) => boolean {
  /** Calls under way: a page repeats one that it hears no answer to. */
  const running = new Set<string>();

  return (event) => {
    const message: unknown = event.data;
    const source = event.source;
    if (!source || !isCallMessage(message)) return false;
    const name = callName(message);
    // An unmarked message that isn't one of our calls may well be the app's own Comlink.
    if (!name && message.holdfast !== 1) return false;
    if (message.type === 'RELEASE' || running.has(message.id)) return true;
    running.add(message.id);

    const target = name
      ? { [name]: (...args: never[]) => (api[name] as (...args: never[]) => unknown)(...args) }
      : refusal(message.path ?? [], message.type);
    event.waitUntil(
      new Promise<void>((answered) => {
        const endpoint: Endpoint = {
          addEventListener: (_type, listener) => (listener as (event: ExtendableMessageEvent) => void)(event),
          removeEventListener: () => {},
          postMessage: (answer, transfer) => {
            running.delete(message.id);
            source.postMessage(answer, { transfer: transfer ?? [] });
            answered();
          },
        };
        expose(target, endpoint);
      }).then(settled),
    );
    return true;
  };
}

/** An object on which whatever the message asks for fails with the reason. */
function refusal(path: readonly unknown[], type: string): object {
  const refuse = (): never => {
    throw new ProtocolError(
      `holdfast: there's no call "${path.join('.')}" of type ${type}; call one of SyncApi's methods by Comlink`,
    );
  };
  return new Proxy({}, { get: refuse, set: refuse });
}
