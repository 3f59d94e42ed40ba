import type { DeadReason, HoldReason, SyncEvent, SyncEventType, WaitReason } from '../../sw/protocol/events.js';
import type { Waits } from './waits.js';

export type Reason = WaitReason | DeadReason | HoldReason;

/** What a language's words may make use of. All of it follows the locale. */
export interface Say {
  /** A reason in that language's words. */
  reason(reason: Reason): string;
  /** `1,234` */
  number(value: number): string;
  /** From milliseconds to `in 4 seconds`, in whole seconds, minutes, hours or days. */
  after(ms: number): string;
}

/** One language: a sentence or less for each event. */
export interface Words {
  reasons: Record<Reason, string>;
  events: { [Type in SyncEventType]: string | ((event: Extract<SyncEvent, { type: Type }>, say: Say) => string) };
  /** For `describeStatus`. @default the English ones */
  waits?: Waits;
}
