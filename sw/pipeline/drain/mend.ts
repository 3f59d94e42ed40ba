import { CONFLICT_ROUNDS, conflictAnswer, isConflict } from '../../policy/conflict.js';
import type { EntryRecord } from '../../policy/entry-record.js';
import type { SendInput } from '../../policy/entry-decision.js';
import { freshKeyFor } from '../../policy/idempotency.js';
import { isInDoubt } from '../../policy/key-history.js';
import type { FinalAnswer } from '../../policy/settlement.js';
import type { Ports } from '../../ports.js';
import type { Backend } from '../backend/backend.js';
import type { DescribeEntry } from '../backend/describe-entry.js';
import type { Flight } from '../backend/flights.js';
import type { Deadline } from '../deadline.js';
import { changesOf, checkPatch } from '../send/patch.js';

/** Asks the app's `onConflict` about an entry that met a newer version, and returns the input for it. Null where it's a dead letter as any other. */
export type Mend = (backend: Backend, entry: EntryRecord, flight: Flight, conflict: Met) => Promise<SendInput | null>;

/** A conflict: the page's own request, and what the server answered. */
export interface Met {
  /** Makes the request once more. */
  request(): Request;
  answer: FinalAnswer | null;
}

export function createMend({ chance, log }: Pick<Ports, 'chance' | 'log'>, describe: DescribeEntry, deadline: Deadline): Mend {
  return async ({ config }, entry, { abort }, { request, answer }) => {
    const { onConflict } = config;
    if (!onConflict || !answer || !isConflict(answer.status) || (entry.conflicts ?? 0) >= CONFLICT_ROUNDS) return null;
    try {
      const info = { ...describe(entry), url: entry.request.url, ...(isInDoubt(entry) && { inDoubt: true as const }) };
      const asking = () => onConflict({ entry: info, request: request(), answer: conflictAnswer(answer) });
      const result = (await deadline('onConflict', asking, abort.signal)) ?? null;
      if (result === null) return null;
      if (result === 'discard') return { type: 'yielded', answer };
      checkPatch(result);
      const { body, bodySize: _, ...changes } = changesOf(result, entry, config);
      const amendment = { ...changes, freshKey: freshKeyFor(entry, config.idempotencyKey, chance.uuid()), newKey: true };
      return { type: 'mended', amendment, body, answer, attemptId: chance.uuid() };
    } catch (error) {
      if (!abort.signal.aborted) log.warn(`[holdfast] onConflict failed for ${entry.id}, so it's a dead letter; mend the hook and retry it`, error);
      return { type: 'permanent', reason: 'on-conflict', answer, block: config.onDead === 'block' };
    }
  };
}
