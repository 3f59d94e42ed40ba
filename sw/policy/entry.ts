import type { Attempt, LastAnswer } from '../protocol/api.js';
import type { DeadReason, SyncEvent, WaitReason } from '../protocol/events.js';
import { amended } from './amend.js';
import { idsOf, isMoot } from './coalesce.js';
import { CONFLICT_ROUNDS } from './conflict.js';
import type { Decision, EntryInput, FreshKey } from './entry-decision.js';
import { aboutEntry, isFirstSend, turnOf, type EntryRecord } from './entry-record.js';
import { askingSoFar } from './idempotency.js';
import { resolvedEvent, toDependents, type GivenId } from './given-ids.js';
import { isInDoubt, mayHaveActed, onlyTokensRefused, underKey } from './key-history.js';
import { maskUrl } from './secrets.js';
import { settlement, type FinalAnswer } from './settlement.js';
import type { RealId } from './temporary-ids.js';

/** TypeErrors in a row, while others get through, that make an entry a dead letter. */
export const SHUNNED_LIMIT = 5;

/**
 * Makes every decision about an entry. Null where the input doesn't apply to the entry's state: a dead letter can only be
 * retried, edited or discarded, and no other entry can; only a first send is queued or answered.
 *
 * ```
 *  captured                       answered
 *  ───────▶ first send, on disk ────────────▶ (gone)
 *     │              │ queued
 *     │ queued       ▼    transient, refused, resend                    delivered
 *     │            ┌────────────────────────────────┐                 ┌─────────────▶ (gone)
 *     └──────────▶ ▼                                │                 │ permanent, given up, refused too often
 *               pending ──────── a send ──▶ (in flight, in memory) ───┴──▶ dead ── retried ──▶ pending
 *                  │                                                       │ ▲
 *                  └ cancelled ─▶ (gone)                         discarded │ └ edited
 *                                                                          ▼
 *                                                                        (gone)
 * ```
 * A first send that is on disk is a pending entry with the reason `first-send`. `taken-over` changes an entry's fetch event,
 * `hurried` and `backoff-restarted` change when the entry is due, `coalesced` and `mended` change its request: the state stays the same.
 * `set-aside` takes a pending entry out of the line, and `rejoined` puts it back. `yielded` ends an entry as `delivered` does.
 */
export function transition(entry: EntryRecord, input: EntryInput, now: number): Decision | null {
  const decision = step(entry, input, now);
  const forDependents = decision && toDependents(entry, decision, input);
  return forDependents ? { ...decision, dependents: { input: forDependents, at: now } } : decision;
}

function step(entry: EntryRecord, input: EntryInput, now: number): Decision | null {
  const isForTheDead = input.type === 'retried' || input.type === 'edited' || input.type === 'discarded';
  if (isForTheDead !== (entry.state === 'dead')) return null;
  const about = aboutEntry(entry, now);
  switch (input.type) {
    case 'delivered': {
      // The answer to a request that was changed since is the answer to the request as it was.
      const facts = { ...(input.partial && { partial: true as const }), ...(input.kept && entry.keepsKey && { replayed: true as const }) };
      return {
        entry: null,
        settlement: { ...settlement(entry, 'delivered', null, input.answer, now), ...facts },
        ...given(entry, input.real, [{ ...about, type: 'delivered', status: input.answer.status, ...facts }], now),
      };
    }

    case 'transient': {
      const answered = input.answer !== null;
      const shunned = answered ? 0 : entry.shunned + (input.othersAnswered && input.reason === 'unreachable' ? 1 : 0);
      const failed: EntryRecord = {
        ...entry,
        sends: entry.sends + 1,
        sentAt: now,
        unreachable: answered ? 0 : entry.unreachable + 1,
        shunned,
        alone: input.alone ?? false,
        lastAnswer: lastAnswer(entry, input.answer, now),
        attempts: attempts(entry, input.answer, input.reason, now),
      };
      if (input.delayMs === null) return bury(failed, answered ? 'retries-exhausted' : 'unreachable', input, now);
      if (shunned >= SHUNNED_LIMIT) return bury(failed, 'unreachable', input, now);
      const next: EntryRecord = {
        ...failed,
        retries: input.retries,
        delayMs: input.delayMs,
        notBefore: input.untilProbe ? now : now + input.delayMs,
        ...because(entry, input.reason, now),
      };
      if (input.reason === 'in-progress') {
        const { since, asks } = askingSoFar(entry.inProgress, now);
        next.inProgress = { since, asks: asks + 1 };
      }
      return {
        entry: next,
        events: [
          {
            ...about,
            type: 'retrying',
            attemptId: input.attemptId,
            attempt: !answered ? next.unreachable : input.reason === 'in-progress' ? next.inProgress!.asks : next.retries,
            maxAttempts: input.maxAttempts,
            delayMs: input.delayMs,
            reason: input.reason,
            status: input.answer?.status ?? null,
          },
        ],
      };
    }

    case 'refused': {
      const { reason = 'auth-expired' } = input;
      const refusals =
        input.digest === null || entry.refusals.includes(input.digest)
          ? entry.refusals
          : [...entry.refusals, input.digest];
      const refused: EntryRecord = {
        ...entry,
        sends: entry.sends + 1,
        refusals,
        lastAnswer: lastAnswer(entry, input.answer, now),
        attempts: attempts(entry, input.answer, reason, now),
      };
      if (refusals.length >= input.maxRejections) return bury(refused, 'auth-rejected', input, now);
      return { entry: { ...renewed(refused, input.freshKey), ...because(entry, reason, now) }, events: [] };
    }

    case 'resend': {
      const resent = { ...entry, sends: entry.sends + 1, attempts: attempts(entry, { status: input.status ?? 401 }, input.reason ?? 'auth-expired', now) };
      return { entry: renewed(resent, input.freshKey, input.kept), events: [] };
    }

    case 'permanent': {
      // An app's own classifier may give up where nobody answered.
      const wasSent = input.answer !== null || input.reason === 'permanent';
      return bury(
        {
          ...entry,
          sends: entry.sends + (wasSent ? 1 : 0),
          lastAnswer: lastAnswer(entry, input.answer, now),
          ...(wasSent && { attempts: attempts(entry, input.answer, input.reason, now) }),
        },
        input.reason,
        input,
        now,
      );
    }

    case 'mended': {
      const sent = { ...entry, sends: entry.sends + 1, sentAt: now, lastAnswer: lastAnswer(entry, input.answer, now), attempts: attempts(entry, input.answer, 'conflict', now) };
      const { inProgress: _, request, ...changed } = amended(sent, input.amendment);
      const conflicts = (entry.conflicts ?? 0) + 1;
      const { attemptId, body, answer: { status } } = input;
      const mended = { request, ...(body !== undefined && { body }) };
      return {
        entry: { ...changed, ...ANEW, ...because(entry, 'conflict', now), request: entry.request, mended, notBefore: now, conflicts },
        events: [{ ...about, type: 'retrying', attemptId, attempt: conflicts, maxAttempts: CONFLICT_ROUNDS, delayMs: 0, reason: 'conflict', status }],
      };
    }

    case 'yielded':
      return {
        entry: null,
        settlement: { ...settlement(entry, 'cancelled', null, input.answer, now), conflict: true },
        events: [{ ...about, type: 'cancelled', mayBeDelivered: isInDoubt(entry), conflict: true }],
      };

    case 'queued': {
      if (!isFirstSend(entry)) return null;
      const inLine = { ...entry, reason: input.reason };
      const queued: SyncEvent = { ...about, type: 'queued', reason: input.reason };
      const sent = input.sent && transition(inLine, input.sent, now);
      return sent ? { ...sent, events: [queued, ...sent.events] } : { entry: inLine, events: [queued] };
    }

    case 'answered':
      return isFirstSend(entry) ? { entry: null, ...(input.real === undefined ? { events: [] } : given(entry, input.real, [], now)) } : null;

    case 'provided': {
      const { provides: _, ...rest } = entry;
      return { entry: rest, ...given(entry, input.real, [], now) };
    }

    case 'provider-gone':
      if (input.newer && isMoot(entry, input.newer)) return step(entry, { type: 'coalesced', newer: input.newer, merged: null }, now);
      return bury(entry, 'provider-gone', { answer: null, block: false }, now);

    case 'set-aside': {
      const { turn: _, ...aside } = entry;
      return { entry: { ...aside, ...because(entry, input.reason, now) }, events: [] };
    }

    case 'rejoined': {
      if (entry.turn) return null;
      const reason = 'awaits-id';
      return { entry: { ...entry, reason, since: now, agesFrom: now, turn: turnOf(entry) }, events: [{ ...about, type: 'queued', reason }] };
    }

    case 'taken-over':
      return entry.asked?.worker === input.from ? { entry: { ...entry, asked: { ...entry.asked, worker: input.by } }, events: [] } : null;

    case 'hurried':
      return { entry: { ...entry, notBefore: input.until }, events: [] };

    case 'backoff-restarted':
      return { entry: { ...entry, notBefore: now + entry.delayMs }, events: [] };

    case 'edited':
      if (entry.reason === 'unreadable') return null;
      return { entry: amended(withoutMended(entry), input.amendment), events: [] };

    case 'retried': {
      if (entry.reason === 'unreadable') return null;
      const { inProgress: _, conflicts: __, ...asItWas } = input.freshKey ? underKey(entry, input.freshKey) : entry;
      return {
        entry: {
          ...asItWas,
          ...ANEW,
          state: 'pending',
          reason: 'retried',
          since: now,
          refusals: [],
          notBefore: now,
          agesFrom: now,
          turn: turnOf(entry),
        },
        settlement: null,
        events: [{ ...about, type: 'queued', reason: 'retried' }],
      };
    }

    case 'cancelled':
      return {
        entry: null,
        settlement: settlement(entry, 'cancelled', null, null, now),
        events: [{ ...about, type: 'cancelled', mayBeDelivered: input.inFlight || isFirstSend(entry) || isInDoubt(entry) }],
      };

    case 'coalesced': {
      const { newer: { request: { method, url } }, merged } = input;
      const coalesced: SyncEvent = { ...about, type: 'coalesced', newer: { method, url: maskUrl(url) }, ...(!merged && { discarded: true }) };
      if (!merged) {
        const { events, ...cancelled } = transition(entry, { type: 'cancelled', inFlight: false }, now)!;
        return { ...cancelled, events: [coalesced, ...events] };
      }
      const { id, key, seq, capturedAt, reason, since } = entry;
      const { provides: _, awaits: __, ...rest } = merged;
      return { entry: { ...rest, ...idsOf(entry, merged), id, key, seq, capturedAt, reason, since }, events: [coalesced] };
    }

    case 'discarded':
      return { entry: null, events: [] };
  }
}

/**
 * An entry whose token was refused, for its next send. A server may keep the refusal under the idempotency key, and give it to
 * each fresh token, so the next token goes with a fresh key where nothing can have been done under the old key.
 *
 * @param kept the server does keep the refusal, so it's all that was done under the key
 */
const renewed = (entry: EntryRecord, freshKey: FreshKey | undefined, kept = false): EntryRecord =>
  freshKey && (kept || onlyTokensRefused(entry)) ? underKey(entry, freshKey) : entry;

/** The entry with the page's own request, whatever `onConflict` has made of it. */
function withoutMended(entry: EntryRecord): EntryRecord {
  const { mended: _, ...own } = entry;
  return own;
}

/** The ladders of an entry that begins anew. */
const ANEW = { retries: 0, unreachable: 0, shunned: 0, delayMs: 0 };

/** The id that the answer to an entry gives, and the events, which tell of it. */
function given(entry: EntryRecord, real: RealId | null = null, events: SyncEvent[], now: number): Pick<Decision, 'given' | 'events'> {
  const { seq, backend, owner, provides: name } = entry;
  if (name === undefined) return { events };
  const id: GivenId = { seq, backend, owner, name, real, at: now };
  return { given: id, events: [...events, resolvedEvent(id, entry)] };
}

/** Sets an entry aside as a dead letter. */
function bury(
  entry: EntryRecord,
  reason: DeadReason,
  { answer, block, kept }: { answer: FinalAnswer | null; block: boolean; kept?: boolean },
  now: number,
): Decision {
  const facts = { ...(isInDoubt(entry) && { inDoubt: true as const }), ...(kept && { replayed: true as const }) };
  // Under a key under which the server may have acted, the same goes out as before.
  const { turn: _, ...rest } = mayHaveActed(entry) ? entry : withoutMended(entry);
  const dead: EntryRecord = { ...rest, asked: null, state: 'dead', reason, since: now, ...(block && { turn: turnOf(entry) }) };
  return {
    entry: dead,
    settlement: { ...settlement(entry, 'failed', reason, answer, now), ...facts },
    events: [{ ...aboutEntry(entry, now), type: 'failed', reason, status: answer?.status ?? null, ...facts }],
  };
}

const lastAnswer = (entry: EntryRecord, answer: FinalAnswer | null, at: number): LastAnswer | null =>
  answer ? { status: answer.status, headers: answer.headers, at } : entry.lastAnswer;

/** How many attempts are kept. */
const ATTEMPTS = 20;

const attempts = (entry: EntryRecord, answer: Pick<FinalAnswer, 'status'> | null, reason: Attempt['reason'], at: number): Attempt[] => [
  ...entry.attempts.slice(1 - ATTEMPTS),
  { at, status: answer?.status ?? null, reason },
];

/** The reason and its beginning, which an unchanged reason keeps. */
const because = (entry: EntryRecord, reason: WaitReason, now: number) => ({
  reason,
  since: entry.reason === reason ? entry.since : now,
});
