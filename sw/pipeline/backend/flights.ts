import type { EntryRecord } from '../../policy/entry-record.js';

/** A send under way. */
export interface Flight {
  lane: string;
  needsToken: boolean;
  /** The page's own first try, made inside its fetch event. */
  firstSend: boolean;
  abort: AbortController;
  /** Set by a cancel: what comes back doesn't matter any more. */
  cancelled: boolean;
  /** The cancel on its way to disk: until it's there, the entry could be read and sent once more. */
  cancelling: Promise<unknown> | null;
  /** Set once the answer is being written: too late to cancel. */
  settling: boolean;
  /** Set when its delivery is on disk: it has left its turn. */
  delivered: boolean;
  /** What stood behind it in its turn when it was read. */
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
