import type { SyncApi } from '../protocol/api.js';
import { callName, isCallMessage, thrown, type CallMessage } from '../protocol/comlink.js';

/** A message asked for something that isn't in `SyncApi`. */
export class ProtocolError extends Error {
  override name = 'ProtocolError';
}

/**
 * Answers Comlink calls without a MessagePort. A port dies with the worker, and nobody is told; a
 * message to the active worker starts it again, and its answer goes back through `event.source`.
 *
 * Comlink's `expose` would do for the answer, and bring its whole calling side along: 1.4 kB of brotli
 * for two kinds of message. And it would follow any path into the object; here a call is a name.
 *
 * @param settled what the worker must live for when a call has been answered: the drain it set off
 * @returns a function that takes a message and says whether it was one of ours
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
    event.waitUntil(
      called(api, name, message)
        .then((value) => ({ type: 'RAW', value }), thrown)
        .then((answer) => {
          running.delete(message.id);
          source.postMessage({ ...answer, id: message.id });
        })
        .then(settled),
    );
    return true;
  };
}

async function called(api: SyncApi, name: keyof SyncApi | null, message: CallMessage): Promise<unknown> {
  const { path, type, argumentList = [] } = message;
  const plain = argumentList.every((argument) => argument?.type === 'RAW');
  if (!name || !plain)
    throw new ProtocolError(
      `holdfast: there's no call "${path?.join('.')}" of type ${type}; call one of SyncApi's methods with plain values`,
    );
  const call = api[name] as (...args: unknown[]) => unknown;
  return call(...argumentList.map(({ value }) => value));
}
