import { normaliseBaseUrl } from './policy/base-url.js';
import { classify, JWT_CODES, type Classifier } from './policy/classify.js';
import { ConfigError } from './policy/errors.js';
import { decodeJwt } from './policy/jwt.js';
import { checkRetryOptions, DEFAULT_RETRY, retryLadder, type RetryOptions, type RetryPolicy } from './policy/retry.js';
import type { RetryGate } from './policy/retry-gate.js';
import type { EntryInfo } from './protocol/api.js';
import type { SyncEvent } from './protocol/events.js';
import { joinKey } from './protocol/ids.js';
import type { BackendConfig, RespondMode } from './pipeline/backend.js';

/** How a backend's 401s are understood. */
export interface AuthOptions {
  /** The error codes that mean an expired token; they replace the default list. @default JWT_CODES */
  codes?: readonly string[];
  /** `false`: a JWT 401 is a failure like any other, and nothing is held. @default true */
  autoRetry?: boolean;
  /** Different fresh tokens that may be refused before the entry is a dead letter. @default 3 */
  maxRejections?: number;
  /** A JWT 401 on the page's own first try: hold the request, or pass the 401 to the page. @default 'hold' */
  on401?: 'hold' | 'pass';
  /** Learn the live token from the requests that the page makes itself. @default true */
  learn?: boolean;
}

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
   * Which of the requests to take. Must be quick, and must not read the body.
   * @example match: (request) => !request.url.endsWith('/login')
   */
  match?: (request: Request) => boolean;
  /**
   * The lane of a request: within a lane, requests go out in the order of capture; lanes don't wait
   * for each other. `Holdfast-Lane` wins. @default one lane for the backend
   * @example lane: (request) => new URL(request.url).pathname.split('/')[2]
   */
  lane?: (request: Request) => string;
  /**
   * Whose request it is: it's only ever sent with a token of that owner. `'jwt-sub'` takes the `sub`
   * of a JWT. A function gets the token, or null when the request carries none. @default 'jwt-sub'
   */
  owner?: 'jwt-sub' | ((token: string | null) => string | null);
  /** `false`: no entry of this backend needs a token, and none is sent at replay. */
  auth?: false | AuthOptions;
  /** `'write-ahead'` stores before the first send, so that a crash in mid-flight loses nothing. @default 'on-failure' */
  capture?: 'on-failure' | 'write-ahead';
  /** Send an `Idempotency-Key`. @default true for same-origin backends, as elsewhere an added header can break the preflight */
  idempotencyKey?: boolean;
  /** Milliseconds after which a send without an answer is cut. 0 is off. @default 10000 */
  networkTimeoutMs?: number;
  /** What a page hears of a stored request; `Holdfast-Mode` wins. @default 'queued' (202 with JSON) */
  respond?: RespondMode | ((entry: EntryInfo) => Response);
  /** The ladder's numbers, or a policy of your own. */
  retry?: RetryOptions | RetryPolicy;
  /** What an outcome means. @default classify */
  classify?: Classifier;
  /** What must be open before a replay. @default connectivityGate: the browser is online */
  gate?: RetryGate;
  /** Sends at once, each in a lane of its own. @default 6 */
  concurrency?: number;
  /** Whether a dead letter lets those behind it in its lane pass. @default 'skip' */
  onDead?: 'skip' | 'block';
  /**
   * May rewrite a request at replay. If it throws, the entry is a dead letter (`before-send`).
   * @example
   * beforeSend: async (request) =>
   *   new Request(request.url.replace('/v1/', '/v2/'), {
   *     method: request.method,
   *     headers: request.headers,
   *     body: await request.arrayBuffer(),
   *   })
   */
  beforeSend?: (request: Request, entry: EntryInfo) => Request | void | Promise<Request | void>;
}

export interface InstallOptions {
  backends: readonly BackendOptions[];
  /** Sees every event. It can't change anything, and may throw without harm. */
  onEvent?: (event: SyncEvent) => void;
  /** Take over open pages at once: `skipWaiting` and `clients.claim()`. @default false */
  takeOver?: boolean;
}

const INSTALL_OPTIONS = ['backends', 'onEvent', 'takeOver'];
const BACKEND_OPTIONS = [
  'baseUrl',
  'namespace',
  'methods',
  'match',
  'lane',
  'owner',
  'auth',
  'capture',
  'idempotencyKey',
  'networkTimeoutMs',
  'respond',
  'retry',
  'classify',
  'gate',
  'concurrency',
  'onDead',
  'beforeSend',
];
const AUTH_OPTIONS = ['codes', 'autoRetry', 'maxRejections', 'on401', 'learn'];

/** Of the contract, and still to come. To take them in silence would be a promise. */
const NOT_YET = ['limits', 'validate', 'remoteConfig', 'locale'];

export interface Environment {
  /** The URL of the worker's script. */
  location: string;
  defaultGate: RetryGate;
  warn(message: string, error: unknown): void;
}

/**
 * Checks the options and fills in the defaults.
 * @throws ConfigError that names the option, its value and the rule
 */
export function checkOptions(options: InstallOptions, environment: Environment): BackendConfig[] {
  need(isRecord(options), 'options', options, 'it must be an object with backends');
  known(options, INSTALL_OPTIONS, '');
  optional(options.onEvent, isFunction, 'onEvent', 'it must be a function');
  optional(options.takeOver, isBoolean, 'takeOver', 'it must be true or false');
  const { backends } = options;
  need(Array.isArray(backends) && backends.length > 0, 'backends', backends, 'it must list one backend or more');
  const configs = backends.map((backend, index) => checkBackend(backend, `backends[${index}]`, environment));
  configs.forEach((config, index) => {
    const first = configs.findIndex((other) => other.key === config.key);
    need(
      first === index,
      `backends[${index}].baseUrl`,
      backends[index]?.baseUrl,
      `it's the same backend as backends[${first}]; give one of them a namespace`,
    );
  });
  return configs;
}

function checkBackend(options: BackendOptions, at: string, { location, defaultGate, warn }: Environment): BackendConfig {
  need(isRecord(options), at, options, 'it must be an object with a baseUrl');
  known(options, BACKEND_OPTIONS, `${at}.`);
  const { namespace = '', methods = ['POST', 'PUT', 'PATCH', 'DELETE'], networkTimeoutMs = 10_000 } = options;
  const { match, lane, owner = 'jwt-sub', auth = {}, capture = 'on-failure', respond = 'queued' } = options;
  const { retry = {}, gate = defaultGate, concurrency = 6, onDead = 'skip', beforeSend } = options;
  const baseUrl = normaliseBaseUrl(options.baseUrl, location, `${at}.baseUrl`);
  const { idempotencyKey = new URL(baseUrl).origin === new URL(location).origin } = options;

  const check = (holds: boolean, name: string, value: unknown, rule: string) => need(holds, `${at}.${name}`, value, rule);
  check(typeof namespace === 'string', 'namespace', namespace, 'it must be a string');
  check(
    Array.isArray(methods) && methods.length > 0 && methods.every((method) => /^[A-Za-z]+$/.test(method)),
    'methods',
    methods,
    'it must list HTTP methods, one or more',
  );
  check(match === undefined || isFunction(match), 'match', match, 'it must be a function of a Request');
  check(lane === undefined || isFunction(lane), 'lane', lane, 'it must be a function of a Request');
  check(owner === 'jwt-sub' || isFunction(owner), 'owner', owner, "it must be 'jwt-sub' or a function of a token");
  check(oneOf(capture, 'on-failure', 'write-ahead'), 'capture', capture, "it must be 'on-failure' or 'write-ahead'");
  check(isBoolean(idempotencyKey), 'idempotencyKey', idempotencyKey, 'it must be true or false');
  check(isMs(networkTimeoutMs), 'networkTimeoutMs', networkTimeoutMs, 'it must be milliseconds, 0 or more');
  check(
    oneOf(respond, 'queued', 'reject', 'wait') || isFunction(respond),
    'respond',
    respond,
    "it must be 'queued', 'reject', 'wait' or a function of an entry",
  );
  check(isFunction(retry) || isRecord(retry), 'retry', retry, 'it must be an object or a function');
  if (!isFunction(retry)) checkRetryOptions(retry, `${at}.retry`);
  check(
    options.classify === undefined || isFunction(options.classify),
    'classify',
    options.classify,
    'it must be a function of an outcome',
  );
  check(
    isRecord(gate) && isFunction(gate.awaitRetryAllowed),
    'gate',
    gate,
    'it must be an object with awaitRetryAllowed(signal)',
  );
  check(Number.isInteger(concurrency) && concurrency >= 1, 'concurrency', concurrency, 'it must be a whole number, 1 or more');
  check(oneOf(onDead, 'skip', 'block'), 'onDead', onDead, "it must be 'skip' or 'block'");
  check(beforeSend === undefined || isFunction(beforeSend), 'beforeSend', beforeSend, 'it must be a function of a Request');

  const authConfig = checkAuth(auth, `${at}.auth`);
  return {
    key: joinKey(namespace, baseUrl),
    baseUrl,
    namespace,
    methods: new Set(methods.map((method) => method.toUpperCase())),
    match: match ?? (() => true),
    lane: guardedLane(lane, warn),
    owner: owner === 'jwt-sub' ? (token) => (token === null ? null : (decodeJwt(token)?.sub ?? null)) : owner,
    auth: authConfig,
    capture,
    idempotencyKey,
    networkTimeoutMs,
    respond,
    retry: isFunction(retry) ? retry : retryLadder(retry),
    maxRetries: isFunction(retry) ? null : (retry.maxRetries ?? DEFAULT_RETRY.maxRetries),
    classify: options.classify ?? ((outcome) => classify(outcome, authConfig ? { codes: authConfig.codes } : {})),
    gate,
    concurrency,
    onDead,
    ...(beforeSend && { beforeSend }),
  };
}

function checkAuth(auth: false | AuthOptions, at: string): BackendConfig['auth'] {
  if (auth === false) return null;
  need(isRecord(auth), at, auth, 'it must be false or an object');
  known(auth, AUTH_OPTIONS, `${at}.`);
  const { codes = JWT_CODES, autoRetry = true, maxRejections = 3, on401 = 'hold', learn = true } = auth;
  need(
    Array.isArray(codes) && codes.every((code) => typeof code === 'string' && code !== ''),
    `${at}.codes`,
    codes,
    'it must list error codes',
  );
  need(isBoolean(autoRetry), `${at}.autoRetry`, autoRetry, 'it must be true or false');
  need(
    Number.isInteger(maxRejections) && maxRejections >= 1,
    `${at}.maxRejections`,
    maxRejections,
    'it must be a whole number, 1 or more',
  );
  need(oneOf(on401, 'hold', 'pass'), `${at}.on401`, on401, "it must be 'hold' or 'pass'");
  need(isBoolean(learn), `${at}.learn`, learn, 'it must be true or false');
  return { codes, autoRetry, maxRejections, on401, learn };
}

const DEFAULT_LANE = 'default';

/** A lane function that fails must not cost the request: it goes to the default lane. */
function guardedLane(lane: BackendOptions['lane'], warn: Environment['warn']): BackendConfig['lane'] {
  if (!lane) return () => DEFAULT_LANE;
  return (request) => {
    try {
      const name: unknown = lane(request);
      if (typeof name === 'string' && name !== '') return name;
      warn(`[holdfast] lane gave no name for ${request.method} ${request.url}; it goes to the default lane`, name);
    } catch (error) {
      warn(`[holdfast] lane threw for ${request.method} ${request.url}; it goes to the default lane`, error);
    }
    return DEFAULT_LANE;
  };
}

function known(options: object, names: readonly string[], prefix: string): void {
  for (const [name, value] of Object.entries(options)) {
    if (names.includes(name)) continue;
    const rule = NOT_YET.includes(name) ? "this version doesn't support it yet" : "it isn't known";
    throw new ConfigError(prefix + name, value, `${rule}; known are: ${names.join(', ')}`);
  }
}

function need(holds: boolean, option: string, value: unknown, rule: string): asserts holds {
  if (!holds) throw new ConfigError(option, value, rule);
}

const optional = (value: unknown, holds: (value: unknown) => boolean, name: string, rule: string) =>
  need(value === undefined || holds(value), name, value, rule);
const isRecord = (value: unknown): boolean => typeof value === 'object' && value !== null;
const isFunction = (value: unknown): value is (...args: never[]) => unknown => typeof value === 'function';
const isBoolean = (value: unknown): boolean => typeof value === 'boolean';
const isMs = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value) && value >= 0;
const oneOf = (value: unknown, ...values: unknown[]): boolean => values.includes(value);
