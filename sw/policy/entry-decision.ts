import type { DeadReason, SyncEvent, WaitReason } from '../protocol/events.js';
import type { Amendment } from './amend.js';
import type { EntryRecord } from './entry-record.js';
import type { GivenId } from './given-ids.js';
import type { FinalAnswer, KeptSettlement } from './settlement.js';
import type { RealId } from './temporary-ids.js';

export type TransientReason = 'unreachable' | 'timeout' | 'server-error' | 'rate-limited' | 'server-unavailable' | 'in-progress';

/** Why a send was refused that another one may mend. */
type RefusalReason = 'auth-expired' | 'session-expired' | 'csrf-expired';

/** The possible results of a send. */
export type SendInput =
  | {
      type: 'delivered';
      answer: FinalAnswer;
      /** A part of the batch was refused for want of a good token. */
      partial?: boolean;
      /** The server keeps the answer under the key, and has given it before. */
      kept?: boolean;
      /** The real id in the answer to an entry that provides a temporary id; null where there's none. */
      real?: RealId | null;
    }
  | {
      type: 'transient';
      reason: TransientReason;
      /** The policy's wait; null when it gives up. */
      delayMs: number | null;
      /** Retries of the budget that are spent now, the coming one included. */
      retries: number;
      /** Null where there's no limit. */
      maxAttempts: number | null;
      /** The entry waits for the backend's next probe, and for no time of its own. */
      untilProbe: boolean;
      attemptId: string;
      /** The backend has answered others since this entry's last send. */
      othersAnswered: boolean;
      /** Nobody answered this entry, while the backend answered others: the entry backs off alone. */
      alone?: boolean;
      answer: FinalAnswer | null;
      block: boolean;
    }
  | { type: 'refused'; /** @default 'auth-expired' */ reason?: RefusalReason; digest: string | null; maxRejections: number; answer: FinalAnswer; block: boolean; freshKey?: FreshKey }
  | { type: 'resend'; /** @default 'auth-expired' */ reason?: RefusalReason; /** @default 401 */ status?: number; freshKey?: FreshKey; /** The server keeps the refusal under the key, and has given it before. */ kept?: boolean }
  | { type: 'permanent'; reason: DeadReason; answer: FinalAnswer | null; block: boolean; kept?: boolean }
  /** The server has a newer version, and `onConflict` has changed the request. */
  | { type: 'mended'; amendment: Amendment; /** Undefined where the body stays. */ body: ArrayBuffer | null | undefined; answer: FinalAnswer; attemptId: string }
  /** The server has a newer version, for which `onConflict` gives the request up. */
  | { type: 'yielded'; answer: FinalAnswer };

/** Another idempotency key for the entry; null or left out where none may be made. */
export type FreshKey = string | null;

/** The inputs of an entry's state machine. */
export type EntryInput =
  | SendInput
  /** A request goes into the line, with the result of its first send, if there was a first send. */
  | { type: 'queued'; reason: WaitReason; sent?: SendInput | undefined }
  /** The page has the server's own answer to the first send. */
  | { type: 'answered'; /** The id in the answer, where the answer gives one for a temporary id. */ real?: RealId | null }
  /** The page is about to have the server's own answer to a first send that provides a temporary id. */
  | { type: 'provided'; real: RealId | null }
  /** An awaited entry won't ever have an answer; `newer` is the request that was discarded with the awaited entry. */
  | { type: 'provider-gone'; newer?: Omit<EntryRecord, 'seq'> | undefined }
  /** An awaited entry has no answer that gives an id. The rest of the lane needn't wait for the id. */
  | { type: 'set-aside'; reason: WaitReason }
  /** An entry that was set aside may go on. */
  | { type: 'rejoined' }
  /** The browser has given the fetch event of a dead worker to another worker. */
  | { type: 'taken-over'; from: string; by: string }
  /** The entry may be sent from `until` on, and needn't wait for its backoff. */
  | { type: 'hurried'; until: number }
  | { type: 'backoff-restarted' }
  | { type: 'cancelled'; inFlight: boolean }
  | { type: 'retried'; /** The entry goes out under this key, as a new request. */ freshKey?: FreshKey }
  | { type: 'edited'; amendment: Amendment }
  /** A new request goes out in the entry's place, as `merged`; where that's null, neither goes out. */
  | { type: 'coalesced'; newer: Omit<EntryRecord, 'seq'>; merged: Omit<EntryRecord, 'seq'> | null }
  | { type: 'discarded' };

/** The new state of an entry. One decision is one transaction. */
export interface Decision {
  /** Null: the entry is removed, with its body. */
  entry: EntryRecord | null;
  /** The settlement to write; null removes it, undefined leaves it alone. */
  settlement?: KeptSettlement | null;
  events: SyncEvent[];
  /** The id that the answer to a provider has given: to be written. */
  given?: GivenId;
  /** The input for all entries that await this one, in the same transaction. */
  dependents?: { input: EntryInput; at: number };
  /** The decisions about those entries, as the outbox has made them. */
  followed?: Decision[];
}
