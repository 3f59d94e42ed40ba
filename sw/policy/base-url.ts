import { joinKey, TASK_ID, TASK_ID_RULE } from '../protocol/ids.js';
import { ConfigError } from './errors.js';

/**
 * An option that is a URL, absolute.
 *
 * @param location what a relative URL is resolved against
 * @param isOne whether the value is of a type that may be a URL
 * @throws ConfigError for anything but an http(s) URL without credentials: `fetch` takes no other
 */
export function httpUrl(given: unknown, location: string | undefined, option: string, isOne = typeof given === 'string'): URL {
  try {
    const url = new URL(given as string, location);
    if (isOne && String(given).trim() !== '' && /^https?:$/.test(url.protocol) && !url.username && !url.password) return url;
  } catch {
    // The error below names the option.
  }
  throw new ConfigError(option, given, 'it must be an http or https URL without credentials');
}

/**
 * The one spelling of a base URL: trimmed, absolute, origin in lower case, no default port, no
 * trailing `/`.
 *
 * @param location what a relative URL is resolved against
 * @throws ConfigError for anything but an http(s) URL without credentials, query and fragment
 */
export function normaliseBaseUrl(baseUrl: string, location?: string, option = 'baseUrl'): string {
  const { origin, pathname, search, hash } = httpUrl(baseUrl, location, option);
  if (search || hash) throw new ConfigError(option, baseUrl, 'it must have no query and no fragment');
  return origin + pathname.replace(/\/+$/, '');
}

/** Whether the URL lies under the base URL, on a segment border: `/v1` owns `/v1/x`, not `/v10/x`. */
export function isUnder(url: string, baseUrl: string): boolean {
  if (!url.startsWith(baseUrl)) return false;
  const next = url.charAt(baseUrl.length);
  return next === '' || next === '/' || next === '?' || next === '#';
}

/** The backends that own a URL, the longest base URL first. */
export function owning<B extends { baseUrl: string }>(url: string, backends: readonly B[]): B[] {
  return backends
    .filter((backend) => isUnder(url, backend.baseUrl))
    .sort((a, b) => b.baseUrl.length - a.baseUrl.length);
}

/** The backends that own a URL and have the longest base URL: several where namespaces share that base URL. */
export function nearest<B extends { baseUrl: string }>(url: string, backends: readonly B[]): B[] {
  const owners = owning(url, backends);
  return owners.filter(({ baseUrl }) => baseUrl === owners[0]?.baseUrl);
}

export interface CheckpointKeyParts {
  /** @default '' */
  namespace?: string;
  /** The base URL, which is normalised, so that two spellings give one key. */
  baseUrl: string;
  taskId: string;
}

/**
 * The key of an entry or of a stream's progress: `namespace|base URL|task id`, each part URL-encoded.
 *
 * @param location what a relative base URL is resolved against
 * @throws ConfigError for an invalid base URL or task id
 * @example checkpointKey({ baseUrl: 'https://X.example:443/v1/', taskId: 'report-7' })
 * // '|https%3A%2F%2Fx.example%2Fv1|report-7'
 */
export function checkpointKey({ namespace = '', baseUrl, taskId }: CheckpointKeyParts, location?: string): string {
  if (!TASK_ID.test(taskId)) throw new ConfigError('taskId', taskId, TASK_ID_RULE);
  return joinKey(namespace, normaliseBaseUrl(baseUrl, location), taskId);
}
