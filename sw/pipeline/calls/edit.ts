import { CSRF_HEADERS } from '../../policy/csrf.js';
import type { EntryRecord } from '../../policy/entry-record.js';
import { transition } from '../../policy/entry.js';
import { ConfigError } from '../../policy/errors.js';
import { bool, checkOptions, check, positive, record, type Rules } from '../../policy/rules.js';
import type { Ports } from '../../ports.js';
import type { EntryPatch, KeyOptions, Reference, SyncApi } from '../../protocol/api.js';
import type { State } from '../backend/backends.js';
import { authView } from '../backend/gates.js';
import type { Providers } from '../providers.js';
import type { Report } from '../report.js';
import { withIds } from '../send/real-ids.js';
import { sizeOf } from '../send/stored-request.js';

export interface EditingParts {
  ports: Ports;
  state: State;
  report: Report;
  providers: Providers;
  find(reference: Reference, standing?: EntryRecord['state']): Promise<EntryRecord | null>;
  /** Another idempotency key for an entry; null for an entry without a key. */
  freshKeyOf(entry: EntryRecord): string | null;
}

const PATCH_RULES: Rules = {
  headers: record('headers by name'),
  body: [isContent, 'it must be text, bytes, a plain object or an array to be sent as JSON, or null'],
};

const PREVIEW = 64 * 1024;

/** Whether a dead letter is to go out under a fresh idempotency key. */
export function wantsNewKey(options: KeyOptions = {}): boolean {
  checkOptions(options, { newKey: bool });
  return options.newKey ?? false;
}

/** The calls that read an entry's body, and that change a dead letter. */
export function createEditing({ ports, state, report, providers, find, freshKeyOf }: EditingParts): Pick<SyncApi, 'edit' | 'body'> {
  const { clock, outbox, broadcast } = ports;

  /** The providers that a new body, or the URL, names. An unanswered one counts only if it stands before the entry, which could wait for ever else. */
  async function awaited(request: EntryRecord['request'], body: ArrayBuffer | null, entry: EntryRecord): Promise<number[]> {
    const find = providers.finder(entry);
    const awaits = new Set<number>();
    const note = (name: string) => {
      const provider = name === entry.provides ? undefined : find?.(name);
      if (provider && (provider.real || provider.seq < entry.seq)) awaits.add(provider.seq);
      return null;
    };
    if (find) await withIds(request, body, note);
    return [...awaits];
  }

  return {
    async edit(reference, patch, options) {
      check('patch', patch ?? null, record('headers, a body or both'));
      checkOptions(patch, PATCH_RULES, 'patch.');
      const newKey = wantsNewKey(options);
      const entry = await find(reference, 'dead');
      if (!entry || entry.reason === 'unreadable') return false;
      const backend = state.backends.get(entry.backend);
      if (backend && authView(backend, entry, clock.now()) === 'parked')
        throw new ConfigError('id', reference, "it's another user's, who would be sent as the author of the change");
      if (Object.keys(patch).length === 0 && !newKey) return true;
      const content = contentOf(patch, entry);
      const bodySize = content ? sizeOf(content.body) : undefined;
      const { maxBytes = Infinity } = backend?.config.limits ?? {};
      if (bodySize !== undefined && bodySize > maxBytes)
        throw new ConfigError('patch.body', `${bodySize} bytes`, `it must be within the backend's limit of ${maxBytes} bytes`);
      const csrf = backend?.config.csrf.headers ?? new Set(CSRF_HEADERS);
      const headers = { ...content?.headers, ...headersOf(patch, entry, csrf) };
      const amendment = { headers, freshKey: freshKeyOf(entry), newKey, ...(bodySize !== undefined && { bodySize, awaits: await awaited({ ...entry.request, headers: { ...entry.request.headers, ...content!.headers } }, content!.body, entry) }) };
      const decision = await report.commit({
        seq: entry.seq,
        decide: (current) => transition(current, { type: 'edited', amendment }, clock.now()),
        ...(content && { body: content.body }),
      });
      if (decision) broadcast({ type: 'changed', key: entry.key, seq: entry.seq });
      return decision !== null;
    },

    async body(reference, range = {}) {
      checkOptions(range, { maxBytes: positive('bytes') });
      const { maxBytes = PREVIEW } = range;
      const entry = await find(reference);
      const { body = null } = (entry && (await outbox.load(entry.seq))) ?? {};
      if (!entry || !body) return null;
      const size = sizeOf(body);
      const start = body.slice(0, maxBytes);
      const bytes = start instanceof Blob ? await start.arrayBuffer() : start;
      return { contentType: entry.request.headers['content-type'] ?? null, size, bytes, truncated: size > maxBytes };
    },
  };
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
  if (body instanceof ArrayBuffer) return { body, headers: {} };
  if (ArrayBuffer.isView(body)) return { body: body.buffer.slice(body.byteOffset, body.byteOffset + body.byteLength), headers: {} };
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const isNewType = typeof body !== 'string' && headers['content-type'] === undefined;
  return { body: new TextEncoder().encode(text).buffer, headers: isNewType ? { 'content-type': 'application/json' } : {} };
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
