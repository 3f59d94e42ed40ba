import type { LastAnswer, Settlement } from '../protocol/api.js';
import { joinKey } from '../protocol/ids.js';
import type { AboutEntry, DeadReason, HoldReason, SyncEvent, WaitReason } from '../protocol/events.js';

/** A request as data: what `new Request(url, init)` takes, without body, secrets and directives. */
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

/** Where an entry stands in line: backend, lane, and whose token it travels with. */
export type Turn = [backend: string, lane: string, credential: string];

/** One entry as it lies on disk; its body lies apart. */
export interface EntryRecord {
  /** Given by the database: the order of capture. */
  seq: number;
  id: string;
  key: string;
  /** The backend's key, `namespace|base URL`. */
  backend: string;
  baseUrl: string;
  namespace: string;
  lane: string;
  /** Whose token it must travel with; null when not known. */
  owner: string | null;
  /** The Authorization scheme it came with; null when it came without, and so it's sent. */
  scheme: string | null;
  state: 'pending' | 'dead';
  reason: WaitReason | DeadReason;
  since: number;
  capturedAt: number;
  sends: number;
  /** When the last send came to its end. */
  sentAt: number;
  /** Retries spent of the budget: sends that were answered with a transient status. */
  retries: number;
  /** Sends in a row that nobody answered. */
  unreachable: number;
  /** How many of those failed while the same backend answered others: a CORS refusal looks like that. */
  shunned: number;
  /** The earliest next send. */
  notBefore: number;
  /** The last backoff, in case it must be waited for anew. */
  delayMs: number;
  /** Digests of the fresh tokens under which it was refused. */
  refusals: string[];
  idempotencyKey: string | null;
  request: StoredRequest;
  bodySize: number;
  lastAnswer: LastAnswer | null;
  /** Which worker makes the first send at the moment (write-ahead); null when none does. */
  writer: string | null;
  /** What was on disk in place of an entry that can't be read. Kept, as nothing disappears. */
  damaged?: unknown;
  /** Set while it's in line. A dead letter has left it, unless it's to block its lane. */
  turn?: Turn;
}

/** A server's answer that ends an entry. */
export interface FinalAnswer {
  status: number;
  headers: Record<string, string>;
  body: ArrayBuffer | null;
  truncated: boolean;
}

export type TransientReason = 'unreachable' | 'timeout' | 'server-error' | 'rate-limited';

/** What can happen to an entry. */
export type EntryInput =
  | { type: 'delivered'; answer: FinalAnswer }
  | {
      type: 'transient';
      reason: TransientReason;
      /** The policy's wait; null when it gives up. */
      delayMs: number | null;
      /** Null where there's no limit. */
      maxAttempts: number | null;
      attemptId: string;
      /** The backend has answered others since this entry's last send. */
      othersAnswered: boolean;
      answer: FinalAnswer | null;
      block: boolean;
    }
  | { type: 'refused'; digest: string | null; maxRejections: number; answer: FinalAnswer; block: boolean }
  | { type: 'resend' }
  | { type: 'permanent'; reason: DeadReason; answer: FinalAnswer | null; block: boolean }
  | { type: 'backoff-restarted' }
  | { type: 'retried' }
  | { type: 'cancelled'; inFlight: boolean }
  | { type: 'discarded' };

/** What becomes of the entry. One decision is one transaction. */
export interface Decision {
  /** Null: it's removed, with its body. */
  entry: EntryRecord | null;
  /** Written, removed (null), or left alone (undefined). */
  settlement?: Settlement | null;
  events: SyncEvent[];
}

/** TypeErrors in a row, while others get through, that make an entry a dead letter. */
export const SHUNNED_LIMIT = 5;

/**
 * ```
 *              transient, refused, resend                     delivered ─▶ (gone)
 *            ┌────────────────────────────┐                 ┌─────────────
 *  captured  ▼                            │                 │ permanent, given up, refused too often
 *  ───────▶ pending ──── a send ──▶ (in flight, in memory) ─┴──▶ dead ── retried ──▶ pending
 *            │                                                    │
 *            └ cancelled ─▶ (gone)                                └ discarded ─▶ (gone)
 * ```
 */
export function transition(entry: EntryRecord, input: EntryInput, now: number): Decision {
  const about = aboutEntry(entry, now);
  switch (input.type) {
    case 'delivered':
      return {
        entry: null,
        settlement: settlement(entry, 'delivered', null, input.answer, now),
        events: [{ ...about, type: 'delivered', status: input.answer.status }],
      };

    case 'transient': {
      const answered = input.reason === 'server-error' || input.reason === 'rate-limited';
      const shunned = answered ? 0 : entry.shunned + (input.othersAnswered && input.reason === 'unreachable' ? 1 : 0);
      const failed: EntryRecord = {
        ...entry,
        sends: entry.sends + 1,
        sentAt: now,
        unreachable: answered ? 0 : entry.unreachable + 1,
        shunned,
        writer: null,
        lastAnswer: lastAnswer(entry, input.answer, now),
      };
      if (input.delayMs === null) return bury(failed, answered ? 'retries-exhausted' : 'unreachable', input, now);
      if (shunned >= SHUNNED_LIMIT) return bury(failed, 'unreachable', input, now);
      const next: EntryRecord = {
        ...failed,
        retries: entry.retries + (answered ? 1 : 0),
        delayMs: input.delayMs,
        notBefore: now + input.delayMs,
        ...because(entry, input.reason, now),
      };
      return {
        entry: next,
        events: [
          {
            ...about,
            type: 'retrying',
            attemptId: input.attemptId,
            attempt: answered ? next.retries : next.unreachable,
            maxAttempts: input.maxAttempts,
            delayMs: input.delayMs,
            reason: input.reason,
            status: input.answer?.status ?? null,
          },
        ],
      };
    }

    case 'refused': {
      const refusals =
        input.digest === null || entry.refusals.includes(input.digest)
          ? entry.refusals
          : [...entry.refusals, input.digest];
      const refused: EntryRecord = {
        ...entry,
        sends: entry.sends + 1,
        refusals,
        writer: null,
        lastAnswer: lastAnswer(entry, input.answer, now),
      };
      if (refusals.length >= input.maxRejections) return bury(refused, 'auth-rejected', input, now);
      return { entry: { ...refused, ...because(entry, 'auth-expired', now) }, events: [] };
    }

    case 'resend':
      return { entry: { ...entry, sends: entry.sends + 1, writer: null }, events: [] };

    case 'permanent':
      return bury(
        {
          ...entry,
          sends: entry.sends + (input.answer ? 1 : 0),
          writer: null,
          lastAnswer: lastAnswer(entry, input.answer, now),
        },
        input.reason,
        input,
        now,
      );

    case 'backoff-restarted':
      return { entry: { ...entry, notBefore: now + entry.delayMs }, events: [] };

    case 'retried':
      return {
        entry: {
          ...entry,
          state: 'pending',
          reason: 'retried',
          since: now,
          retries: 0,
          unreachable: 0,
          shunned: 0,
          refusals: [],
          notBefore: now,
          delayMs: 0,
          turn: turnOf(entry),
        },
        settlement: null,
        events: [{ ...about, type: 'queued', reason: 'retried' }],
      };

    case 'cancelled':
      return {
        entry: null,
        settlement: settlement(entry, 'cancelled', null, null, now),
        events: [{ ...about, type: 'cancelled', mayBeDelivered: input.inFlight || entry.writer !== null }],
      };

    case 'discarded':
      return { entry: null, events: [] };
  }
}

/** Sets an entry aside as a dead letter. */
function bury(
  entry: EntryRecord,
  reason: DeadReason,
  { answer, block }: { answer: FinalAnswer | null; block: boolean },
  now: number,
): Decision {
  const { turn: _, ...rest } = entry;
  const dead: EntryRecord = { ...rest, state: 'dead', reason, since: now, ...(block && { turn: turnOf(entry) }) };
  return {
    entry: dead,
    settlement: settlement(dead, 'failed', reason, answer, now),
    events: [{ ...aboutEntry(entry, now), type: 'failed', reason, status: answer?.status ?? null }],
  };
}

function settlement(
  { id, key, seq }: EntryRecord,
  state: Settlement['state'],
  reason: DeadReason | null,
  answer: FinalAnswer | null,
  at: number,
): Settlement {
  const { status = null, headers = {}, body = null, truncated = false } = answer ?? {};
  return { id, key, seq, state, reason, status, headers, body, truncated, at };
}

const lastAnswer = (entry: EntryRecord, answer: FinalAnswer | null, at: number): LastAnswer | null =>
  answer ? { status: answer.status, headers: answer.headers, at } : entry.lastAnswer;

/** The reason, and since when: a reason that goes on keeps its beginning. */
const because = (entry: EntryRecord, reason: WaitReason | HoldReason, now: number) => ({
  reason,
  since: entry.reason === reason ? entry.since : now,
});

export function turnOf({ backend, lane, scheme, owner }: Pick<EntryRecord, 'backend' | 'lane' | 'scheme' | 'owner'>): Turn {
  return [backend, lane, scheme === null ? 'none' : owner === null ? 'any' : `owner:${owner}`];
}

/** Whose token a turn needs: the way back from `turnOf`. The scheme itself isn't in it. */
export function credentialOf([, , credential]: Turn): Pick<EntryRecord, 'scheme' | 'owner'> {
  if (credential === 'none') return { scheme: null, owner: null };
  return { scheme: '', owner: credential === 'any' ? null : credential.slice('owner:'.length) };
}

export function aboutEntry(entry: EntryRecord, at: number): AboutEntry {
  const { id, key, seq, baseUrl, namespace, lane } = entry;
  return { at, id, key, seq, baseUrl, namespace, lane, method: entry.request.method, url: entry.request.url };
}

/**
 * What was read from disk, as an entry. A damaged record becomes one with the reason `unreadable`, so
 * that it can be listed and set aside, and never sent.
 */
export function readEntry(value: unknown, seq: number): EntryRecord {
  if (isEntryRecord(value)) return value;
  const { id, key, turn, lane, capturedAt } = (typeof value === 'object' && value ? value : {}) as Partial<EntryRecord>;
  const inLine = Array.isArray(turn) && turn.every(isString);
  const [namespace = '', baseUrl = ''] = (inLine ? turn[0] : '|').split('|').map(decoded);
  return {
    seq,
    id: isString(id) ? id : `unreadable-${seq}`,
    key: isString(key) ? key : joinKey(namespace, baseUrl, `unreadable-${seq}`),
    backend: inLine ? turn[0] : '',
    baseUrl,
    namespace,
    lane: inLine ? turn[1] : isString(lane) ? lane : '',
    owner: null,
    scheme: null,
    state: inLine ? 'pending' : 'dead',
    reason: 'unreadable',
    since: 0,
    capturedAt: Number.isFinite(capturedAt) ? capturedAt! : 0,
    sends: 0,
    sentAt: 0,
    retries: 0,
    unreachable: 0,
    shunned: 0,
    notBefore: 0,
    delayMs: 0,
    refusals: [],
    idempotencyKey: null,
    request: { ...BLANK_REQUEST },
    bodySize: 0,
    lastAnswer: null,
    writer: null,
    damaged: value,
    ...(inLine && { turn }),
  };
}

function isEntryRecord(value: unknown): value is EntryRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { request, ...entry } = value as Partial<EntryRecord>;
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

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
