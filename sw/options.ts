/** The options of `install`, their defaults in words, and the rule of each. */
import { AHEAD } from './policy/lanes.js';
import type { BodyErrors } from './policy/body-errors.js';
import type { Classifier } from './policy/classify.js';
import {
  aFunction,
  bool,
  either,
  isFunction,
  isRecord,
  listOf,
  milliseconds,
  oneOf,
  positive,
  record,
  text,
  wholeNumber,
  type Rules,
} from './policy/rules.js';
import type { RetryOptions, RetryPolicy } from './policy/retry.js';
import type { RetryGate } from './policy/retry-gate.js';
import type { IdsFrom } from './policy/real-id.js';
import type { EntryInfo } from './protocol/api.js';
import type { SyncEvent } from './protocol/events.js';
import type { Coalesce } from './policy/coalesce.js';
import type { OnConflict, Responder, RespondMode } from './config.js';

/** How a backend's 401s are understood. */
export interface AuthOptions {
  /**
   * A strict list: a 401 holds only with one of these codes, with `invalid_token` in its challenge, or with no reason at
   * all. A code is the `error` of a Bearer challenge; or one word in the JSON, in `code`, `error`, `error.code`,
   * `error.data.code` or `errors[].extensions.code`. @default any 401 to a bearer holds, unless it speaks of another
   * credential or of a right
   */
  codes?: readonly string[];
  /**
   * For an API that says "not authenticated" in the body of an answer whose status doesn't: `'graphql'` knows `errors[].extensions.code`,
   * `'trpc'` its envelopes, and a function gets the parsed JSON, or JSON lines as an array, and the answer. Every JSON answer
   * to a bearer is read, up to 64 KiB and for at most 10 s, before the page gets it. @default none is read
   * @example bodyErrors: (body) => body?.error?.type === 'session_expired'
   */
  bodyErrors?: BodyErrors;
  /**
   * `false`: a JWT 401 is a failure like any other, and an entry is held only for a token that's missing or over by its own
   * `exp`. `configure` may say otherwise. @default true
   */
  autoRetry?: boolean;
  /** Different fresh tokens that may be refused before the entry is a dead letter. @default 3 */
  maxRejections?: number;
  /** A JWT 401 on the page's own first try: hold the request, or pass the 401 to the page. @default 'hold' */
  on401?: 'hold' | 'pass';
  /** Learn the live token, and the CSRF token, from the requests that the page makes itself. @default true */
  learn?: boolean;
  /** How the app sends its CSRF token, where it isn't in the usual way. */
  csrf?: CsrfOptions;
}

/** The headers that carry a CSRF token never touch the disk; at replay they get the token of the moment. */
export interface CsrfOptions {
  /** Headers beside `X-CSRF-Token`, `X-XSRF-TOKEN`, `X-CSRFToken`, `CSRF-Token` and `RequestVerificationToken`. */
  headers?: readonly string[];
  /** The cookie whose value goes into the header. @default `XSRF-TOKEN` for `X-XSRF-TOKEN`, `csrftoken` for `X-CSRFToken` */
  cookie?: string;
}

/** `Infinity` lifts a limit. */
export interface LimitOptions {
  /** Entries on disk, dead letters included. A request beyond the limit isn't stored (`outbox-full`). @default 1000 */
  maxEntries?: number;
  /** Bytes of all bodies together. A request beyond the limit isn't stored (`outbox-full`). @default 52428800 (50 MiB) */
  maxBytes?: number;
  /**
   * Milliseconds that an entry may wait, for any reason; then it's a dead letter (`expired`). Nothing
   * expires while replay is paused. @default 604800000 (7 days)
   */
  maxAgeMs?: number;
}

/** How temporary ids (`Holdfast-Provides`) get their real ones. */
export interface IdsOptions {
  /**
   * Gives the real id in the answer to a request that provides a temporary one, or null for none. When it throws, or takes longer than
   * 30 s, there's none. @default `id`, `_id` or `data.id` of the JSON, else the last segment of `Location`
   * @example from: ({ body }) => body.data.createNote.id
   */
  from?: IdsFrom;
}

/** An API whose failed writes are kept. The options are read once, at `install`. */
export interface BackendOptions {
  /**
   * Requests under this URL are Holdfast's, up to a segment border: `/v1` owns `/v1/x`, not `/v10`.
   * Absolute, or relative to the worker's script. The longest match wins.
   */
  baseUrl: string;
  /** Keeps the entries of several apps or tenants on one base URL apart. @default '' */
  namespace?: string;
  /** @default ['POST', 'PUT', 'PATCH', 'DELETE'] */
  methods?: readonly string[];
  /**
   * Base URLs that this backend had in earlier versions of the app. What waits under one of them is taken over, with its place in
   * line and its streams' progress, and is sent to its own URL, with a token; `beforeSend` may send it elsewhere.
   * @example formerly: ['/api/v1']
   */
  formerly?: readonly string[];
  /**
   * Which of the requests to take. Must be quick, and must not read the body.
   * @example match: (request) => !request.url.endsWith('/ping')
   */
  match?: (request: Request) => boolean;
  /**
   * Which of those requests to leave to the network, as they must not be kept for later: requests for tokens, sign-ins and
   * sign-outs, and steps of protocols that have a state of their own. By default a form or JSON with a `grant_type` isn't
   * kept either. Must be quick, and must not read the body. @default excludesCredentials
   * @example exclude: () => false
   */
  exclude?: (request: Request) => boolean;
  /**
   * The lane of a request: within a lane, requests go out in the order of capture; lanes don't wait
   * for each other. `Holdfast-Lane` wins. @default one lane for the backend
   * @example lane: (request) => new URL(request.url).pathname.split('/')[2]
   */
  lane?: (request: Request) => string;
  /**
   * The owner of a request, which is only ever sent with a token of that owner. `'jwt-sub'` takes the `sub`
   * of a JWT. A request without a known owner is sent with any token of its backend.
   *
   * A function gets the token, or null when the request carries none: then it gives the user of the present
   * cookie session, and is called again before such an entry is sent. @default 'jwt-sub'
   */
  owner?: 'jwt-sub' | ((token: string | null) => string | null);
  /** `false`: no entry of this backend needs a token, and none is sent at replay. */
  auth?: false | AuthOptions;
  /** `'write-ahead'` stores before the first send, so that a crash in mid-flight loses nothing. @default 'on-failure' */
  capture?: 'on-failure' | 'write-ahead';
  /**
   * Send an `Idempotency-Key`: a UUID in quotes, as the IETF draft has it, `'bare'` for a server that takes none, or what a
   * function makes, which must be new each time. @default true for same-origin backends, as elsewhere an added header can break
   * the preflight
   * @example idempotencyKey: () => `app_${crypto.randomUUID()}`
   */
  idempotencyKey?: boolean | 'bare' | (() => string);
  /**
   * Codes in the JSON body of a 409, 423 or 425 by which the server says that it's still at the first request under the key, beside
   * those that are known. They're looked for in `code`, `name`, `error.code` and `details[].issue`. @default none
   * @example busyCodes: ['PAYMENT_PENDING']
   */
  busyCodes?: readonly string[];
  /** Milliseconds after which a send without an answer is cut. 0 is off. @default 10000 */
  networkTimeoutMs?: number;
  /**
   * The page's answer for a stored request; `Holdfast-Mode` wins. `'auto'` goes by the shape of the request: `'wait'` for clients that
   * read an envelope of their own (GraphQL, tRPC, React Router, SvelteKit, Astro, Inertia), an answer that changes nothing for
   * htmx, Unpoly and Turbo, and `'queued'` (202 with JSON) for all others.
   *
   * A function gets the entry and the request with its body. When it gives null, throws, or takes longer than 30 s, the
   * answer is that of `'auto'`. @default 'auto'
   * @example respond: async (entry, request) => Response.json({ ...(await request.json()), id: entry.id })
   */
  respond?: RespondMode | 'auto' | Responder;
  /** The ladder's numbers, or a policy of your own. */
  retry?: RetryOptions | RetryPolicy;
  /** Judges the outcome of a send. @default classify */
  classify?: Classifier;
  /** The gate that must be open before a replay. @default connectivityGate: the browser is online, and the network validated */
  gate?: RetryGate;
  /**
   * The URL that validates the network, before a replay after a failure to reach the server or in another network;
   * `false` for none. It's asked by HEAD, without a token. An answer counts, whatever its status, unless it
   * leads to another origin, as a captive portal's does, or is a page over plain http. With `false` the base URL is
   * asked only when a write has got no answer five times in a row, and nothing else shows whether it's the server or that write.
   * Absolute, or relative to the worker's script. @default the base URL; false where that's on this machine
   */
  validate?: string | false;
  /** Sends at the same time, each in a lane of its own. @default 6 */
  concurrency?: number;
  /**
   * How many entries of a lane may be sent before the first of them is written off: deliveries are written together, in
   * their order. A worker that dies meanwhile leaves them to be sent once more, in their order, under their keys. From 1,
   * one at a time, to 16. @default 16; 1 with `capture: 'write-ahead'`
   */
  replayAhead?: number;
  /** Whether a dead letter lets later entries of its lane pass. @default 'skip' */
  onDead?: 'skip' | 'block';
  /**
   * Makes one request of a new write and the last one that waits in its lane, as long as nobody has sent that. With `true` a PUT takes the place of
   * a PUT to its URL, a merge patch is folded into what it patches, and a POST that provides an id is discarded along with its DELETE, and with
   * what has changed just that between them.
   *
   * A function gets both, and gives the write to send in their place, `'discard'` for none, or null for both. It must be quick;
   * when it throws, or takes longer than 30 s, both are sent. `Holdfast-Id` and the answer `'reject'` keep a new write apart. @default false
   * @example coalesce: (older, newer) => (newer.url === older.url && newer.method === 'PUT' ? newer : holdfast.coalesceWrites(older, newer))
   */
  coalesce?: boolean | Coalesce;
  /** How much is kept, and for how long. */
  limits?: LimitOptions;
  /** How temporary ids (`Holdfast-Provides`) get their real ones. */
  ids?: IdsOptions;
  /**
   * The URL of a JSON document, `{"autoRetry": boolean, "offlineMode": boolean}`, by which the server switches either
   * off: a key that's missing means false. Asked for at activation, every 15 minutes while the worker is
   * awake, and by `configure`, without a token and following no redirect. The last good answer counts,
   * restarts included; before the first, both are on. Absolute, or relative to the worker's script.
   */
  remoteConfig?: string;
  /**
   * May rewrite a request at replay. If it throws, or takes longer than 30 s, the entry is a dead letter (`before-send`). An `Authorization` that it sets
   * is sent in place of the live token; a 401 to that holds nothing, and makes a dead letter.
   * @example
   * beforeSend: async (request) =>
   *   new Request(request.url.replace('/v1/', '/v2/'), {
   *     method: request.method,
   *     headers: request.headers,
   *     body: await request.arrayBuffer(),
   *   })
   */
  beforeSend?: (request: Request, entry: EntryInfo) => Request | void | Promise<Request | void>;
  /**
   * What becomes of an entry that the server refuses with a 409, 412 or 428, as it has a newer version: a patch as `edit` takes it,
   * with which the entry goes again in its place, under a fresh idempotency key; `'discard'` to give it up for the server's
   * version; or null for a dead letter. Three rounds at most. If it throws, or takes longer than 30 s, the entry is a dead letter
   * (`on-conflict`). A 409 that means that the first attempt is under way doesn't come here, nor does the answer to a page's own first
   * send, which the page gets. @default none: a dead letter
   * @example onConflict: mergeJson
   * @example onConflict: ({ answer }) => (answer.status === 412 ? { headers: { 'If-Match': answer.headers.etag } } : null)
   */
  onConflict?: OnConflict;
  /**
   * `'follow'`: an `If-Match` that our own earlier delivery to the same URL has made stale is replaced by the `ETag` of that delivery's
   * answer, so that a second edit made offline doesn't conflict with the first. @default each `If-Match` goes out as the page made it
   */
  etags?: 'follow';
}

/** The options of `install`, which throws a `ConfigError` for a wrong or unknown option. */
export interface InstallOptions {
  /** At least one backend. Two backends may share a base URL when their namespaces differ. */
  backends: readonly BackendOptions[];
  /** Called with every event. It can't change anything, and may throw without harm. */
  onEvent?: (event: SyncEvent) => void;
  /** The language of texts for people, as a BCP 47 tag; pages find it in `status().locale`. @default the page's own */
  locale?: string;
  /** Take over open pages at once: `skipWaiting` and `clients.claim()`. @default false */
  takeOver?: boolean;
  /**
   * Let the browser fetch requests of no backend (navigations, GETs, other URLs) without starting the worker, where
   * it can: Chromium 123 and later. Only for a worker without other fetch listeners, as they wouldn't hear of those
   * requests. @default false; true when `holdfast-sw.js?api=` is the worker itself
   * @see https://wicg.github.io/service-worker-static-routing-api/
   */
  staticRouting?: boolean;
}

export const INSTALL_RULES: Rules = {
  backends: listOf('backend', isRecord),
  onEvent: aFunction('an event'),
  locale: [isLocale, 'it must be a BCP 47 language tag'],
  takeOver: bool,
  staticRouting: bool,
};

function isCode(code: unknown): boolean {
  return typeof code === 'string' && code !== '';
}

function isLocale(value: unknown): boolean {
  try {
    return typeof value === 'string' && Intl.getCanonicalLocales(value).length > 0;
  } catch {
    return false;
  }
}

export const BACKEND_RULES: Rules = {
  baseUrl: text,
  formerly: listOf('former base URL', (url) => typeof url === 'string'),
  namespace: text,
  methods: listOf('HTTP method', (method) => /^[a-z]+$/i.test(String(method))),
  match: aFunction('a Request'),
  exclude: aFunction('a Request'),
  lane: aFunction('a Request'),
  owner: either(oneOf('jwt-sub'), aFunction('a token')),
  auth: [(auth: unknown) => auth === false || isRecord(auth), 'it must be false or an object'],
  capture: oneOf('on-failure', 'write-ahead'),
  idempotencyKey: either(bool, oneOf('bare'), aFunction('nothing')),
  busyCodes: listOf('error code', isCode),
  networkTimeoutMs: milliseconds,
  respond: either(oneOf('auto', 'queued', 'reject', 'wait'), aFunction('an entry and a Request')),
  retry: either(record('the numbers of the ladder'), aFunction('a question')),
  classify: aFunction('an outcome'),
  gate: [(gate: RetryGate) => isFunction(gate?.awaitRetryAllowed), 'it must be an object with awaitRetryAllowed(signal)'],
  validate: [(url: unknown) => url === false || (typeof url === 'string' && url.trim() !== ''), 'it must be a URL, or false'],
  concurrency: wholeNumber(1),
  replayAhead: wholeNumber(1, AHEAD),
  onDead: oneOf('skip', 'block'),
  coalesce: either(bool, aFunction('two writes')),
  limits: record('maxEntries, maxBytes, maxAgeMs or some of them'),
  ids: record('from'),
  remoteConfig: [(url: unknown) => typeof url === 'string' && url.trim() !== '', "it must be the URL of the server's switches"],
  beforeSend: aFunction('a Request and an entry'),
  onConflict: aFunction('a conflict'),
  etags: oneOf('follow'),
};

export const AUTH_RULES: Rules = {
  codes: listOf('error code', isCode),
  bodyErrors: either(oneOf('graphql', 'trpc'), aFunction('a body and an answer')),
  autoRetry: bool,
  maxRejections: wholeNumber(1),
  on401: oneOf('hold', 'pass'),
  learn: bool,
  csrf: record('headers, cookie or both'),
};

export const CSRF_RULES: Rules = {
  headers: listOf('header name', (name) => /^[\w-]+$/.test(String(name))),
  cookie: text,
};

export const IDS_RULES: Rules = { from: aFunction('an answer') };

export const LIMIT_RULES: Rules = {
  maxEntries: positive('entries'),
  maxBytes: positive('bytes'),
  maxAgeMs: positive('milliseconds'),
};
