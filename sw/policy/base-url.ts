import { joinKey, TASK_ID, TASK_ID_RULE } from '../protocol/ids.js';
import { ConfigError } from './errors.js';

/**
 * The one spelling of a base URL: trimmed, absolute, origin in lower case, no default port, no
 * trailing `/`.
 *
 * @param location what a relative URL is resolved against
 * @throws ConfigError for anything but an http(s) URL without credentials, query and fragment
 */
export function normaliseBaseUrl(baseUrl: string, location?: string, option = 'baseUrl'): string {
  const bad = (rule: string) => new ConfigError(option, baseUrl, rule);
  if (typeof baseUrl !== 'string' || baseUrl.trim() === '') throw bad('it must be a non-empty URL');
  let url: URL;
  try {
    url = new URL(baseUrl.trim(), location);
  } catch {
    throw bad("it must be an absolute URL, or one that is relative to the worker's script");
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw bad('it must be an http or https URL');
  if (url.username || url.password) throw bad('it must not carry credentials');
  if (url.search || url.hash) throw bad('it must have no query and no fragment');
  return url.origin + url.pathname.replace(/\/+$/, '');
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
