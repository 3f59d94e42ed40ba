/** Reads the options of `install`: checks them, and fills in the defaults. */
import { AHEAD } from './policy/lanes.js';
import { httpUrl, normaliseBaseUrl } from './policy/base-url.js';
import { isLoopback } from './policy/captive-portal.js';
import { coalesceWrites } from './policy/coalesce.js';
import { classify } from './policy/classify.js';
import { CSRF_HEADERS } from './policy/csrf.js';
import { ConfigError } from './policy/errors.js';
import { excludesCredentials } from './policy/exclude.js';
import { BUSY_CODES } from './policy/idempotency.js';
import { decodeJwt } from './policy/jwt.js';
import { checkOptions, defined, isFunction, check, record } from './policy/rules.js';
import { checkRetryOptions, DEFAULT_RETRY, leastRestMs, retryLadder } from './policy/retry.js';
import { joinKey } from './protocol/ids.js';
import type { BackendConfig } from './config.js';
import {
  AUTH_RULES,
  BACKEND_RULES,
  CSRF_RULES,
  IDS_RULES,
  INSTALL_RULES,
  LIMIT_RULES,
  type AuthOptions,
  type BackendOptions,
  type InstallOptions,
} from './options.js';

const DEFAULT_LIMITS = { maxEntries: 1000, maxBytes: 50 * 1024 ** 2, maxAgeMs: 7 * 86_400_000 };

export interface Environment {
  /** The URL of the worker's script. */
  location: string;
  warn(message: string, error: unknown): void;
}

/**
 * Checks the options and fills in the defaults.
 * @throws ConfigError that names the option, its value and the rule
 */
export function readOptions(options: InstallOptions, environment: Environment): BackendConfig[] {
  check('options', options ?? null, record('backends'));
  check('backends', options.backends ?? null, INSTALL_RULES['backends']!);
  checkOptions(options, INSTALL_RULES);
  const configs = options.backends.map((backend, index) => readBackend(backend, `backends[${index}]`, environment));
  configs.forEach(({ key, baseUrl, namespace, formerly }, index) => {
    const still = formerly.find((base) => configs.some((other) => other.key === joinKey(namespace, base)));
    if (still) throw new ConfigError(`backends[${index}].formerly`, still, "it's the base URL of a backend that's there");

    const first = configs.findIndex((other) => other.key === key);
    if (first !== index)
      throw new ConfigError(
        `backends[${index}].baseUrl`,
        baseUrl,
        `it's the same backend as backends[${first}]; give one of them a namespace`,
      );
  });
  return configs;
}

function readBackend(options: BackendOptions, at: string, { location, warn }: Environment): BackendConfig {
  checkOptions(options, BACKEND_RULES, `${at}.`);
  const { namespace = '', methods = ['POST', 'PUT', 'PATCH', 'DELETE'], networkTimeoutMs = 10_000 } = options;
  const { busyCodes = [], lane, owner = 'jwt-sub', capture = 'on-failure', respond = 'auto', beforeSend, onConflict, ids = {} } = options;
  const { retry = {}, gate = null, concurrency = 6, replayAhead = capture === 'write-ahead' ? 1 : AHEAD, onDead = 'skip', coalesce = false, limits = {}, match = () => true, exclude } = options;
  const baseUrl = normaliseBaseUrl(options.baseUrl, location, `${at}.baseUrl`);
  const isSameOrigin = new URL(baseUrl).origin === new URL(location).origin;
  const { idempotencyKey = isSameOrigin } = options;
  if (gate && options.validate !== undefined)
    throw new ConfigError(`${at}.validate`, options.validate, "it's the default gate that validates, and this backend has one of its own");
  const { validate = gate || isLoopback(baseUrl) ? false : baseUrl } = options;
  const auth = readAuth(options.auth ?? {}, `${at}.auth.`, warn);
  const { csrf = {} } = options.auth || {};
  checkOptions(csrf, CSRF_RULES, `${at}.auth.csrf.`);
  checkOptions(limits, LIMIT_RULES, `${at}.limits.`);
  checkOptions(ids, IDS_RULES, `${at}.ids.`);
  const own = isFunction(retry);
  if (!own) checkRetryOptions(retry, `${at}.retry`);
  return {
    key: joinKey(namespace, baseUrl),
    baseUrl,
    formerly: (options.formerly ?? []).map((base) => normaliseBaseUrl(base, location, `${at}.formerly`)),
    namespace,
    methods: new Set(methods.map((method) => method.toUpperCase())),
    match,
    exclude: guarded('exclude', exclude, excludesCredentials, isBoolean, warn),
    excludesGrants: exclude === undefined,
    lane: guarded('lane', lane, () => DEFAULT_LANE, isName, warn),
    owner: guarded('owner', isFunction(owner) ? owner : undefined, jwtSub, isNameOrNull, warn),
    auth,
    csrf: { headers: new Set([...CSRF_HEADERS, ...(csrf.headers ?? [])].map((name) => name.toLowerCase())), cookie: csrf.cookie ?? null },
    capture,
    idempotencyKey: isFunction(idempotencyKey) ? guarded<[string], string>('idempotencyKey', idempotencyKey, (uuid) => `"${uuid}"`, isKey, warn) : idempotencyKey,
    busyCodes: [...BUSY_CODES, ...busyCodes],
    isSameOrigin,
    networkTimeoutMs,
    respond,
    retry: own ? guarded('retry', retry, retryLadder(), isDelay, warn) : retryLadder(retry),
    maxRetries: own ? null : (retry.maxRetries ?? DEFAULT_RETRY.maxRetries),
    leastRestMs: leastRestMs(own ? {} : retry),
    classify: guarded('classify', options.classify, (outcome) => classify(outcome, auth ?? {}), isVerdict, warn),
    gate,
    validate: validate === false ? null : httpUrl(validate, location, `${at}.validate`).href,
    witness: options.validate === false ? null : httpUrl(validate || baseUrl, location, `${at}.validate`).href,
    concurrency,
    replayAhead,
    onDead,
    coalesce: coalesce === true ? coalesceWrites : coalesce || null,
    limits: { ...DEFAULT_LIMITS, ...defined(limits) },
    remoteConfig: options.remoteConfig === undefined ? null : httpUrl(options.remoteConfig, location, `${at}.remoteConfig`).href,
    ...(ids.from && { idsFrom: ids.from }),
    ...(beforeSend && { beforeSend }),
    ...(onConflict && { onConflict }),
    followsEtags: options.etags === 'follow',
  };
}

const jwtSub = (token: string | null) => (token === null ? null : (decodeJwt(token)?.sub ?? null));

const isName = (value: unknown): boolean => typeof value === 'string' && value !== '';
const isNameOrNull = (value: unknown): boolean => value === null || isName(value);
/** A header's value: HTTP drops spaces around it. */
const isKey = (value: unknown): boolean => typeof value === 'string' && /^[!-~](?:[ -~]*[!-~])?$/.test(value);
const isDelay = (value: unknown): boolean =>
  value === null || (typeof value === 'number' && Number.isFinite(value) && value >= 0);
const isBoolean = (value: unknown): boolean => typeof value === 'boolean';
const isVerdict = (value: unknown): boolean =>
  ['delivered', 'transient', 'auth-expired', 'permanent'].includes(value as string);

function readAuth(auth: false | AuthOptions, at: string, warn: Environment['warn']): BackendConfig['auth'] {
  if (auth === false) return null;
  checkOptions(auth, AUTH_RULES, at);
  const { bodyErrors, csrf: _, ...own } = auth;
  return {
    autoRetry: true,
    maxRejections: 3,
    on401: 'hold',
    learn: true,
    ...defined(own),
    codes: auth.codes,
    bodyErrors: isFunction(bodyErrors) ? guarded('bodyErrors', bodyErrors, () => false, isBoolean, warn) : bodyErrors,
  };
}

const DEFAULT_LANE = 'default';

/**
 * Makes a function of the app's safe: when it throws or returns an unsound value, a warning says so and the built-in
 * function answers. A mistake in the app's function must not lose a request, nor send a request without end.
 */
function guarded<Args extends unknown[], Result>(
  name: string,
  own: ((...args: Args) => Result) | undefined,
  builtIn: (...args: Args) => Result,
  isSound: (result: Result) => boolean,
  warn: Environment['warn'],
): (...args: Args) => Result {
  if (!own) return builtIn;
  return (...args) => {
    try {
      const result = own(...args);
      if (isSound(result)) return result;
      warn(`[holdfast] ${name} gave something that it can't; the default counts instead. Mend it`, result);
    } catch (error) {
      warn(`[holdfast] ${name} threw; the default counts instead. Mend it`, error);
    }
    return builtIn(...args);
  };
}
