import type { SyncApi } from '../../sw/protocol/api.js';
import { TASK_ID, TASK_ID_RULE } from '../../sw/protocol/ids.js';
import { aFunction, isFunction, isRecord, milliseconds, oneOf, text, type Rules } from '../../sw/policy/rules.js';
import type { GetToken, TokenRequest } from '../ask-token.js';
import { abortSignal } from '../wait.js';
import type { StreamEvent, StreamState } from './events.js';

/** What is observed, and how far it has come. */
export interface ObserveOptions<Data = string> {
  /**
   * Names the stream's progress: what is observed under one task id goes on where it was, after a reload
   * and in another tab too. By the rule of an entry's id.
   */
  taskId: string;
  /**
   * The backend that the stream belongs to: its part of the checkpoint's key, and where a token may go.
   * Relative to this page. @default the worker's backend that owns the URL, else the URL's origin, and no token
   */
  baseUrl?: string;
  /** @default that of the worker's backend, else '' */
  namespace?: string;
  /** Go on after this event, whatever is stored. After a cut, what is stored by then counts. */
  lastEventId?: string;
  /** Ends the stream: `next` rejects with the signal's reason. */
  signal?: AbortSignal;
  /** `Accept` and `Last-Event-ID` are the stream's own. */
  headers?: HeadersInit;
  /** @default 'same-origin': cookies go to this origin only */
  credentials?: RequestCredentials;
  /**
   * Asked for a token at the start, and for another one when the server has refused it. `false`: none is
   * sent. @default `getToken` of `connect`
   */
  getToken?: GetToken | false;
  /**
   * Makes the event's `data` of its text. What it throws ends the stream with a `StreamError`.
   * @example parse: JSON.parse
   */
  parse?: (text: string) => Data;
  /**
   * The last event of a stream: after it nothing is asked for any more, and the checkpoint is cleared.
   * @default an event of the type `done` or `end`
   * @example isTerminal: ({ data }) => data === '[DONE]'
   */
  isTerminal?: (event: StreamEvent<Data>) => boolean;
  /**
   * Milliseconds after which a connection without a word from the server, a comment included, counts as cut. Longer than the
   * server's own heartbeat. @default 0: never
   */
  silenceTimeoutMs?: number;
  /** Hears when the stream is connected, and when it waits to be. */
  onState?: (state: StreamState) => void;
}

export const OBSERVE_RULES: Rules = {
  taskId: [(id: unknown) => typeof id === 'string' && TASK_ID.test(id), TASK_ID_RULE],
  baseUrl: text,
  namespace: text,
  lastEventId: [(id: unknown) => typeof id === 'string' && !/[\0\r\n]/.test(id), "it must be an event's id, in one line"],
  signal: abortSignal,
  headers: [areHeaders, 'it must be headers'],
  credentials: oneOf('omit', 'same-origin', 'include'),
  getToken: [(value: unknown) => value === false || isFunction(value), 'it must be a function of a request for a token, or false'],
  parse: aFunction("an event's text"),
  isTerminal: aFunction('an event'),
  silenceTimeoutMs: milliseconds,
  onState: aFunction('a state'),
};

export interface ObserveParts {
  api: SyncApi;
  /** The client's. */
  getToken: GetToken | undefined;
  /** Asks it. The client's own, as the classic script has that already. */
  askAlone(getToken: GetToken, request: Omit<TokenRequest, 'signal'>, ended: AbortSignal): Promise<string | null | undefined>;
  /** The client's end. */
  closed: AbortSignal;
  /** Its user's session: it ends with a sign-out, in whatever tab. */
  session: AbortSignal;
}

function areHeaders(value: unknown): boolean {
  try {
    return isRecord(value) && !!new Headers(value as HeadersInit);
  } catch {
    return false;
  }
}
