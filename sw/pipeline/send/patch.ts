import type { BackendConfig } from '../../config.js';
import type { Amendment } from '../../policy/amend.js';
import { isUnder } from '../../policy/base-url.js';
import { CSRF_HEADERS } from '../../policy/csrf.js';
import type { EntryRecord } from '../../policy/entry-record.js';
import { ConfigError } from '../../policy/errors.js';
import { check, checkOptions, record, text, type Rules } from '../../policy/rules.js';
import type { EntryPatch } from '../../protocol/api.js';
import { bytesOf, sizeOf } from './stored-request.js';

const PATCH_RULES: Rules = {
  url: text,
  headers: record('headers by name'),
  body: [isContent, 'it must be text, bytes, a plain object or an array to be sent as JSON, or null'],
};

/** The changes of a patch, for the entry's record, and its new body; undefined where the body stays. */
export interface Changes extends Pick<Amendment, 'headers' | 'url' | 'bodySize'> {
  body?: ArrayBuffer | null;
}

/** @throws ConfigError for anything but a patch */
export function checkPatch(patch: EntryPatch): void {
  check('patch', patch ?? null, record('headers, a body, a URL or some of these'));
  checkOptions(patch, PATCH_RULES, 'patch.');
}

/**
 * What a patch changes of an entry.
 *
 * @param config the entry's backend, if it's configured
 * @throws ConfigError for a header that the browser would drop or change, a URL outside of the backend, or a body that's too large
 */
export function changesOf(patch: EntryPatch, entry: EntryRecord, config: Pick<BackendConfig, 'limits' | 'csrf'> | undefined): Changes {
  const content = contentOf(patch, entry);
  const bodySize = content ? sizeOf(content.body) : 0;
  const { maxBytes = Infinity } = config?.limits ?? {};
  if (bodySize > maxBytes) throw new ConfigError('patch.body', `${bodySize} bytes`, `it must be within the backend's limit of ${maxBytes} bytes`);
  const headers = { ...content?.headers, ...headersOf(patch, entry, config?.csrf.headers ?? new Set(CSRF_HEADERS)) };
  return { headers, ...(patch.url !== undefined && { url: urlOf(patch.url, entry) }), ...(content && { bodySize, body: content.body }) };
}

/** The token goes to the entry's own backend alone. */
function urlOf(url: string, { baseUrl, request }: EntryRecord): string {
  const absolute = URL.canParse(url, request.url) ? new URL(url, request.url).href : '';
  if (isUnder(absolute, baseUrl)) return absolute;
  throw new ConfigError('patch.url', url, `it must be a URL under ${baseUrl}`);
}

/** Whether a value can be a body: no Blob, form or Map, as each would be `{}` as JSON. */
function isContent(value: unknown): boolean {
  if (value === null || typeof value === 'string' || Array.isArray(value)) return true;
  return value instanceof ArrayBuffer || ArrayBuffer.isView(value) || Object.prototype.toString.call(value) === '[object Object]';
}

interface Content {
  body: ArrayBuffer | null;
  /** Headers that the body needs. */
  headers: Record<string, string>;
}

/** The patch's body as bytes; null where the patch leaves the body unchanged. */
function contentOf({ body }: EntryPatch, { request: { method, headers } }: EntryRecord): Content | null {
  if (body === undefined) return null;
  if (body === null) return { body: null, headers: {} };
  if (method === 'GET' || method === 'HEAD') throw new ConfigError('patch.body', body, `a ${method} has no body`);
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return { body: bytesOf(body), headers: {} };
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const isNewType = typeof body !== 'string' && headers['content-type'] === undefined;
  return { body: bytesOf(text), headers: isNewType ? { 'content-type': 'application/json' } : {} };
}

/** @throws ConfigError for a header that the browser would drop or change */
function headersOf({ headers = {} }: EntryPatch, { request: { url, method } }: EntryRecord, csrf: ReadonlySet<string>): Record<string, string | null> {
  const checked = Object.entries(headers).map(([given, value]) => {
    const name = given.toLowerCase();
    const refuse = (rule: string): never => {
      throw new ConfigError(`patch.headers.${given}`, value, rule);
    };
    if (name === 'authorization' || csrf.has(name)) refuse("it's never stored; the live token is put in at replay");
    if (name.startsWith('holdfast-')) refuse('it never reaches the network');
    if (value === null) return [name, null];
    if (typeof value !== 'string') refuse('it must be a string, or null to take it away');
    try {
      const travels = new Request(url, { method, headers: { [name]: value } }).headers;
      if (travels.has(name)) return [name, travels.get(name)];
    } catch {
      refuse('it must be a header that HTTP allows');
    }
    return refuse('the browser sets it by itself');
  });
  return Object.fromEntries(checked) as Record<string, string | null>;
}
