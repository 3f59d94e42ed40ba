import type { SyncApi } from '../protocol/api.js';
import { callName, isCallMessage, thrown, type CallMessage, type Calls } from '../protocol/comlink.js';

/** A message asked for a call that `SyncApi` doesn't have. */
export class ProtocolError extends Error {
  override name = 'ProtocolError';
}

/** Calls that say who is signed in. */
const SAYS_WHO = /^(prov|sign|renew)/;

/** So many calls are known again. */
const REMEMBERED = 1_000;

/**
 * Answers Comlink calls without a MessagePort. A port dies with the worker, and the page isn't told; a
 * message to the active worker starts the worker again, and the answer goes back through `event.source`.
 *
 * Comlink's `expose` isn't used, as it would bring the whole calling side along: 1.4 kB of brotli for two
 * kinds of message. It would also follow any path into the object; here a call is a name.
 *
 * A worker that an update has replaced leaves its failures to the new worker, which the page asks too, and the calls that say who is
 * signed in, carried out or not: the new worker may have read the disk before, and goes by its memory.
 *
 * @param settled resolves when the drain that a call has set off is done, for which the worker must live
 * @returns a function that takes a message and says whether it was a call to Holdfast
 */
export function serve(calls: Calls, settled: () => Promise<void>, isReplaced: () => boolean): (event: ExtendableMessageEvent) => boolean {
  /** Ids of the last calls: a page repeats a call that has no answer yet, and a late repeat would undo what was asked for since. */
  const taken = new Set<string>();

  return (event) => {
    const message: unknown = event.data;
    const source = event.source;
    if (!source || !isCallMessage(message)) return false;
    const name = callName(message);
    // An unmarked message may be of the app's own Comlink, whose object may have methods of these names. A token may come
    // unmarked, from a page that has nothing but Comlink.
    if (message.holdfast !== 1 && name !== 'provideToken') return false;
    if (message.type === 'RELEASE' || taken.has(message.id)) return true;
    taken.add(message.id);
    if (taken.size > REMEMBERED) taken.delete(taken.values().next().value!);
    // A page that has nothing but Comlink asks no second worker.
    const answer = (result: object, isLeft: boolean) => (isLeft && message.holdfast && isReplaced()) || source.postMessage({ ...result, id: message.id });
    event.waitUntil(
      called(calls(message.made), name, message)
        .then((value) => answer({ type: 'RAW', value }, SAYS_WHO.test(String(name))), (error: unknown) => answer(thrown(error), true))
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
