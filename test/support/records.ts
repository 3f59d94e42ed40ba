import { turnOf, type EntryRecord, type Turn } from '../../sw/policy/entry-record.js';
import { joinKey } from '../../sw/protocol/ids.js';

export const NO_LIMITS = { maxEntries: Infinity, maxBytes: Infinity };

/** What a request has when its page says nothing of it. */
export const FETCH_DEFAULTS = {
  mode: 'cors',
  credentials: 'same-origin',
  cache: 'default',
  redirect: 'follow',
  referrer: 'about:client',
  referrerPolicy: '',
  integrity: '',
} as const;

/** An entry on disk, for tests of functions that act on entries. */
export function record(changes: Partial<EntryRecord> = {}): EntryRecord & { turn: Turn } {
  const baseUrl = changes.baseUrl ?? 'https://app.example/api';
  const namespace = changes.namespace ?? '';
  const id = changes.id ?? `task-${changes.seq ?? 1}`;
  const entry: EntryRecord = {
    seq: 1,
    id,
    key: joinKey(namespace, baseUrl, id),
    backend: joinKey(namespace, baseUrl),
    baseUrl,
    namespace,
    lane: 'default',
    owner: null,
    scheme: null,
    session: false,
    state: 'pending',
    reason: 'unreachable',
    since: 0,
    capturedAt: 0,
    agesFrom: changes.capturedAt ?? 0,
    sends: 0,
    sentAt: 0,
    retries: 0,
    unreachable: 0,
    shunned: 0,
    notBefore: 0,
    delayMs: 0,
    refusals: [],
    idempotencyKey: '"key"',
    request: {
      url: `${baseUrl}/x`,
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      ...FETCH_DEFAULTS,
    },
    bodySize: 0,
    lastAnswer: null,
    attempts: [],
    keepsKey: false,
    asked: null,
    ...changes,
  };
  return { ...entry, turn: entry.turn ?? turnOf(entry) };
}

/** A JWT that nobody has signed. */
export const jwt = (claims: unknown): string => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;
