import type { EntryRecord } from '../../policy/entry-record.js';
import { isInDoubt } from '../../policy/key-history.js';
import { MASK, maskHeaders, maskUrl } from '../../policy/secrets.js';
import type { Clock } from '../../ports.js';
import type { EntryInfo } from '../../protocol/api.js';
import type { Backend } from './backend.js';
import type { State } from './backends.js';
import { authView, holdOn } from './gates.js';

/** Describes an entry for a person; the state is derived from the gates of the moment. */
export type DescribeEntry = (entry: EntryRecord) => EntryInfo;

export const createDescribeEntry =
  (state: State, { now }: Pick<Clock, 'now'>): DescribeEntry =>
  (entry) =>
    describe(entry, state.backends.get(entry.backend), state.settings.paused, now());

function describe(entry: EntryRecord, backend: Backend | undefined, paused: boolean, now: number): EntryInfo {
  const { request, lastAnswer } = entry;
  return {
    id: entry.id,
    key: entry.key,
    seq: entry.seq,
    baseUrl: entry.baseUrl,
    namespace: entry.namespace,
    lane: entry.lane,
    owner: entry.owner,
    ...standing(entry, backend, paused, now),
    method: request.method,
    url: maskUrl(request.url),
    headers: { ...maskHeaders(request.headers), ...Object.fromEntries((entry.csrf ?? []).map((name) => [name, MASK])) },
    ...(entry.provides !== undefined && { provides: entry.provides }),
    bodySize: entry.bodySize,
    capturedAt: entry.capturedAt,
    sends: entry.sends,
    retries: entry.retries,
    notBefore: entry.notBefore,
    idempotencyKey: entry.idempotencyKey,
    ...(entry.state === 'dead' && isInDoubt(entry) && { inDoubt: true }),
    attempts: entry.attempts,
    lastAnswer: lastAnswer && { ...lastAnswer, headers: maskHeaders(lastAnswer.headers) },
  };
}

function standing(
  entry: EntryRecord,
  backend: Backend | undefined,
  paused: boolean,
  now: number,
): Pick<EntryInfo, 'state' | 'reason' | 'since'> {
  const { state, reason, since } = entry;
  if (state === 'dead') return { state, reason, since };
  if (!backend) return { state: 'orphaned', reason, since };
  if (backend.flights.has(entry.seq)) return { state: 'sending', reason, since };
  const view = authView(backend, entry, now);
  if (view === 'parked') {
    const { signedOut } = backend.record;
    return { state: 'parked', ...(signedOut && entry.scheme !== null ? { reason: 'signed-out', since: signedOut.since } : { reason, since }) };
  }
  const hold = holdOn(backend, entry);
  if (view === 'held' && hold) return { state: 'held', reason: hold.reason, since: hold.since };
  const awaited = backend.providers.standing(entry.awaits);
  return { state: paused ? 'paused' : 'pending', reason: awaited === 'ready' || awaited === 'gone' ? reason : awaited, since };
}
