import type { EntryRecord } from '../../policy/entry-record.js';

/** A send under way. */
export interface Flight {
  lane: string;
  needsToken: boolean;
  /** The send is the page's own, made inside its fetch event. */
  firstSend: boolean;
  abort: AbortController;
  /** Set by a cancel: the outcome of the send doesn't matter any more. */
  cancelled: boolean;
  /** Settles when the cancel is on disk: until then, the entry could be read and sent once more. */
  cancelling: Promise<unknown> | null;
  /** Set once the answer is being written: too late to cancel. */
  settling: boolean;
  /** Set when the delivery is on disk: the entry has left its turn. */
  delivered: boolean;
  /** The successor: the entry that stood behind this one in its turn when this one was read. */
  behind: EntryRecord | null;
  done: Promise<void>;
}

export const newFlight = ({ lane, scheme }: Pick<EntryRecord, 'lane' | 'scheme'>, firstSend: boolean): Flight => ({
  lane,
  needsToken: scheme !== null,
  firstSend,
  abort: new AbortController(),
  cancelled: false,
  cancelling: null,
  settling: false,
  delivered: false,
  behind: null,
  done: Promise.resolve(),
});
