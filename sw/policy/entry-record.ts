import { joinKey } from '../protocol/ids.js';
import type { Attempt, LastAnswer } from '../protocol/api.js';
import type { AboutEntry, DeadReason, WaitReason } from '../protocol/events.js';
import { maskUrl } from './secrets.js';
import { decoded } from './text.js';

/** A request as data: the arguments of `new Request(url, init)`, without body, secrets and directives. */
export interface StoredRequest {
  url: string;
  method: string;
  headers: Record<string, string>;
  mode: string;
  credentials: string;
  cache: string;
  redirect: string;
  referrer: string;
  referrerPolicy: string;
  integrity: string;
}

/** A request as `onConflict` has changed it. */
export interface Mended {
  request: StoredRequest;
  /** Left out where the body is the page's own; null for none. */
  body?: ArrayBuffer | null;
}

/** The queue that an entry stands in: backend, lane, and the credential that the entry travels with. */
export type Turn = [backend: string, lane: string, credential: string];

/**
 * A fetch event that isn't answered yet. A browser that loses a worker in the middle of the event may
 * give it to the next worker, which recognises it by these fields.
 */
export interface Asked {
  /** The worker that had the event. */
  worker: string;
  /** The request's fingerprint: the same when the event comes again. */
  fingerprint: string;
}

/** One entry as it lies on disk. */
export interface EntryRecord {
  /** The place in the order of capture, given by the database. */
  seq: number;
  id: string;
  key: string;
  /** Names the request. A request that replaces it under the same `seq` (`Holdfast-Replace`) has another id. */
  requestId?: string;
  /** The backend's key, `namespace|base URL`. */
  backend: string;
  baseUrl: string;
  namespace: string;
  lane: string;
  /** The user whose token the entry must travel with; null when not known. */
  owner: string | null;
  /** The Authorization scheme of the page's request; null when it had no `Authorization`: the entry is sent without, too. */
  scheme: string | null;
  /** Sent without a token: it belongs to whoever's cookie session it was. */
  session: boolean;
  state: 'pending' | 'dead';
  reason: WaitReason | DeadReason;
  since: number;
  capturedAt: number;
  /** When the entry's age begins: at its capture, or at its last retry as a dead letter. `capturedAt` doesn't serve, as a replacement keeps that of the older entry. */
  agesFrom: number;
  sends: number;
  /** When the last send ended; the time of capture while there was none. */
  sentAt: number;
  /** Retries spent of the budget: sends that were answered with a transient status. */
  retries: number;
  /** Sends in a row that nobody answered. */
  unreachable: number;
  /** How many of the unanswered sends failed while the same backend answered others, as with a CORS refusal. */
  shunned: number;
  /** The last send failed while the backend answered others: the entry backs off alone. */
  alone?: boolean;
  /** The earliest next send. */
  notBefore: number;
  /** The last backoff, in case it must start anew. */
  delayMs: number;
  /** Digests of the fresh tokens under which the entry was refused. */
  refusals: string[];
  idempotencyKey: string | null;
  /** The page has chosen the idempotency key. */
  pagesKey?: true;
  /** What went before the idempotency key that the entry has now: how many sends, and whether the server may have acted on any. */
  earlier?: { sends: number; mayHaveActed: boolean };
  /** Since when, and how often, the server has said that it's still at the first request under the idempotency key. */
  inProgress?: { since: number; asks: number };
  /** How often `onConflict` has changed the request, since its capture or its last retry as a dead letter. */
  conflicts?: number;
  /** What `onConflict` has made of the request, and what goes out. The page's own stays, as the next round begins with it. */
  mended?: Mended;
  request: StoredRequest;
  /** The names of the headers that carried the CSRF token, which is put back at replay. Left out for none. */
  csrf?: readonly string[];
  bodySize: number;
  /** A small body. A larger one lies apart. */
  body?: ArrayBuffer;
  lastAnswer: LastAnswer | null;
  /** The last sends that ended. */
  attempts: Attempt[];
  /** A send that isn't among `attempts` may have reached the server: its worker died over it, or its end couldn't be written. */
  unheard?: true;
  /** The fetch event of the page's request while it has no answer; else null. */
  asked: Asked | null;
  /** The damaged record of an entry that can't be read. Kept, as nothing disappears. */
  damaged?: unknown;
  /** The entry was edited and keeps its idempotency key, as the server may have acted under the key. */
  keepsKey: boolean;
  /** The temporary id for which the answer to the entry gives the real one (`Holdfast-Provides`). */
  provides?: string;
  /** The `seq`s of the entries that provide the temporary ids which the request names: it isn't sent before their answers. */
  awaits?: readonly number[];
  /**
   * Set while the entry is in line. A dead letter has left the line, unless it blocks its lane; so has an entry whose provider is a
   * dead letter or had an answer without an id.
   */
  turn?: Turn;
}

/** Whether an entry is on disk while the page's own send is still to be made, or under way: it isn't in line yet. */
export const isFirstSend = ({ reason }: Pick<EntryRecord, 'reason'>): boolean => reason === 'first-send';

/** The worker that makes an entry's first send; null where none does. */
export const firstSender = (entry: Pick<EntryRecord, 'reason' | 'asked'>): string | null => (isFirstSend(entry) && entry.asked ? entry.asked.worker : null);

/** Whether an entry has used up its retries on a server that says "not now", and is only tried now and then. */
export const isResting = ({ state, reason }: Pick<EntryRecord, 'state' | 'reason'>): boolean => state === 'pending' && reason === 'server-unavailable';

/** Whether an entry waits after a transient answer, for a step of the ladder. An entry that nobody answered waits for its circuit. */
export const backsOff = (entry: Pick<EntryRecord, 'state' | 'reason' | 'retries' | 'unreachable' | 'inProgress'>): boolean =>
  entry.state === 'pending' && (entry.retries > 0 || entry.inProgress !== undefined) && entry.unreachable === 0 && !isResting(entry);

/** The credential that an entry must travel with. */
export type Credential = Pick<EntryRecord, 'scheme' | 'owner' | 'session'> & Pick<EntryRecord, 'csrf'>;

export function turnOf({ backend, lane, scheme, owner, session }: Pick<EntryRecord, 'backend' | 'lane'> & Credential): Turn {
  if (scheme !== null) return [backend, lane, owner === null ? 'any' : `owner:${owner}`];
  return [backend, lane, session ? (owner === null ? 'session' : `session:${owner}`) : 'none'];
}

/** The credential of a turn's entries, the inverse of `turnOf`. The scheme is lost: '' stands for any. */
export function credentialOf([, , credential]: Turn): Credential {
  const [, needs, owner = null] = /^(\w+)(?::(.*))?$/s.exec(credential) ?? [];
  const isToken = needs === 'any' || needs === 'owner';
  return { scheme: isToken ? '' : null, owner, session: needs === 'session' };
}

/** The entry's request as it goes out. */
export const asSent = (entry: EntryRecord): EntryRecord => (entry.mended ? { ...entry, request: entry.mended.request } : entry);

export function aboutEntry(entry: EntryRecord, at: number): AboutEntry {
  const { id, key, seq, baseUrl, namespace, lane } = entry;
  return { at, id, key, seq, baseUrl, namespace, lane, method: entry.request.method, url: maskUrl(entry.request.url) };
}

/**
 * Makes an entry of a record from the disk. A damaged record becomes an entry with the reason `unreadable`, which
 * can be listed and set aside, and is never sent.
 */
export function readEntry(value: unknown, seq: number): EntryRecord {
  if (isStoredEntry(value)) return { ...LATER_FIELDS, agesFrom: value.capturedAt, ...value };
  const { id, key, turn, lane, capturedAt } = (typeof value === 'object' && value ? value : {}) as Partial<EntryRecord>;
  const inLine = Array.isArray(turn) && turn.every(isString);
  const since = Number.isFinite(capturedAt) ? capturedAt! : 0;
  const [namespace = '', baseUrl = ''] = (inLine ? turn[0] : '|').split('|').map(decoded);
  return {
    seq,
    id: isString(id) ? id : `unreadable-${seq}`,
    key: isString(key) ? key : joinKey(namespace, baseUrl, `unreadable-${seq}`),
    backend: inLine ? turn[0] : '',
    baseUrl,
    namespace,
    lane: inLine ? turn[1] : isString(lane) ? lane : '',
    ...UNTRIED,
    owner: null,
    scheme: null,
    state: inLine ? 'pending' : 'dead',
    reason: 'unreadable',
    since: 0,
    session: false,
    capturedAt: since,
    agesFrom: since,
    sentAt: 0,
    notBefore: 0,
    idempotencyKey: null,
    request: { ...BLANK_REQUEST },
    bodySize: 0,
    damaged: value,
    ...(inLine && { turn }),
  };
}

/** An entry as written by any version of the database. */
type StoredEntry = Omit<EntryRecord, LaterField> & Partial<Pick<EntryRecord, LaterField>>;
type LaterField = keyof typeof LATER_FIELDS | 'agesFrom';

function isStoredEntry(value: unknown): value is StoredEntry {
  if (typeof value !== 'object' || value === null) return false;
  // Copying the other fields would take a listing of many entries longer than all of its checks.
  const entry = value as Partial<EntryRecord>;
  const { request } = entry;
  return (
    [entry.seq, entry.capturedAt, entry.notBefore, entry.sends, entry.retries, entry.bodySize].every(Number.isFinite) &&
    [entry.id, entry.key, entry.backend, entry.baseUrl, entry.namespace, entry.lane, entry.reason].every(isString) &&
    (entry.state === 'pending' || entry.state === 'dead') &&
    Array.isArray(entry.refusals) &&
    isString(request?.url) &&
    isString(request.method) &&
    typeof request.headers === 'object' &&
    request.headers !== null
  );
}

/** The counts of an entry that was never sent. */
export const UNTRIED = {
  sends: 0,
  retries: 0,
  unreachable: 0,
  shunned: 0,
  delayMs: 0,
  refusals: [],
  lastAnswer: null,
  attempts: [],
  keepsKey: false,
  asked: null,
} satisfies Partial<EntryRecord>;

/** Fields of an entry that earlier versions of the database didn't have. */
const LATER_FIELDS = { asked: null, session: false, attempts: [], keepsKey: false } satisfies Partial<EntryRecord>;

const BLANK_REQUEST: StoredRequest = {
  url: '',
  method: '',
  headers: {},
  mode: 'cors',
  credentials: 'same-origin',
  cache: 'default',
  redirect: 'follow',
  referrer: '',
  referrerPolicy: '',
  integrity: '',
};

const isString = (value: unknown): value is string => typeof value === 'string';
