import type { Endpoint } from 'comlink';
import { API_CALLS, type SyncApi } from '../sw/protocol/api.js';
import { ofThisScript } from './errors.js';
import type { CallMessage, CallAnswer } from '../sw/protocol/comlink.js';

/**
 * The worker's calls, over an endpoint. It's what `Comlink.wrap` gives, in Comlink's own messages, for
 * calls by name with plain values: Comlink brings proxies, transfers and constructors along, 1.3 kB of
 * brotli in every page that uses Holdfast.
 */
export function callsOver(endpoint: Endpoint): SyncApi {
  const waiting = new Map<string, (answer: CallAnswer) => void>();
  endpoint.addEventListener('message', (event) => {
    const answer = (event as MessageEvent<CallAnswer>).data;
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });

  const call = (name: string, values: readonly unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const id = crypto.randomUUID();
      waiting.set(id, (answer) => {
        if (answer.type === 'RAW') return resolve(answer.value);
        const { isError, value } = answer.value;
        reject(isError ? ofThisScript(Object.assign(new Error(), value)) : value);
      });
      const argumentList = values.map((value) => ({ type: 'RAW', value }));
      endpoint.postMessage({ id, type: 'APPLY', path: [name], argumentList } satisfies CallMessage);
    });

  const calls = API_CALLS.map((name) => [name, (...values: unknown[]) => call(name, values)]);
  return Object.fromEntries(calls) as SyncApi;
}
