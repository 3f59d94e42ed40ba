import type { BackendStatus, SyncApi } from '../../sw/protocol/api.js';
import { checkpointKey, isUnder, owning } from '../../sw/policy/base-url.js';
import { connectivityGate } from '../../sw/policy/retry-gate.js';
import { browserAfter, unlessAborted } from '../wait.js';
import type { StreamEvent, StreamState } from './events.js';
import type { ObserveOptions, ObserveParts } from './options.js';
import { streamEvents, type StreamPlan, type StreamPorts } from './stream.js';
import { streamToken } from './token.js';

export interface StreamRequest<Data> {
  /** Absolute. */
  url: string;
  /** Normalised; null for that of the worker's backend. */
  baseUrl: string | null;
  /** Checked. */
  options: ObserveOptions<Data>;
  parts: ObserveParts;
  ended: AbortSignal;
  /** Aborts `ended`. */
  fail(error: unknown): void;
}

/** Puts a stream together, around what it needs of the browser. */
export async function* openStream<Data>({
  url,
  baseUrl: given,
  options,
  parts: { api, getToken: clients, askAlone, session },
  ended,
  fail,
}: StreamRequest<Data>): AsyncGenerator<StreamEvent<Data>, void, undefined> {
  const { taskId, namespace, lastEventId, headers, credentials = 'same-origin', getToken = clients } = options;
  const { parse = (text) => text as Data, isTerminal = isLast, silenceTimeoutMs = 0, onState = () => {} } = options;
  const chosen = given === null ? null : { baseUrl: given, namespace: '' };
  const own = chosen ?? (await unlessAborted(ended, ownerOf(url, namespace, api)));
  const { baseUrl } = own ?? { baseUrl: new URL(url).origin };
  const space = namespace ?? own?.namespace ?? '';
  const ask = getToken && own && isUnder(url, baseUrl) ? getToken : null;
  if (ask) session.addEventListener('abort', () => fail(session.reason), { signal: ended });
  if (ask && session.aborted) fail(session.reason);
  const plan: StreamPlan<Data> = {
    url,
    key: checkpointKey({ namespace: space, baseUrl, taskId }),
    lastEventId,
    headers: new Headers(headers),
    init: { credentials },
    token: streamToken(url, ask && ((request) => askAlone(ask, { ...request, baseUrl, namespace: space }, ended))),
    parse,
    isTerminal,
    silenceTimeoutMs,
    onState: harmless(onState),
  };
  const ports: StreamPorts = { ...browser, checkpoints: api, fail, signal: ended };
  yield* streamEvents(plan, ports);
}

const browser = {
  fetch: (url: string, init: RequestInit) => fetch(url, init),
  gate: connectivityGate({
    isOnline: () => navigator.onLine,
    onChange(listener) {
      addEventListener('online', listener);
      return () => removeEventListener('online', listener);
    },
  }),
  after: browserAfter,
  now: () => Date.now(),
  random: () => Math.random(),
};

const isLast = ({ event }: StreamEvent<unknown>): boolean => event === 'done' || event === 'end';

async function ownerOf(href: string, namespace: string | undefined, api: SyncApi): Promise<BackendStatus | undefined> {
  const { backends } = await api.status();
  const owners = owning(href, backends);
  return owners.find((backend) => backend.namespace === namespace) ?? owners[0];
}

/** An observer mustn't change what it observes. */
const harmless =
  (hear: (state: StreamState) => void) =>
  (state: StreamState): void => {
    try {
      hear(state);
    } catch (error) {
      console.warn('[holdfast] onState threw; mend it', error);
    }
  };
