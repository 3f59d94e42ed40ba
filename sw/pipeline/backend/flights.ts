import type { EntryRecord } from '../../policy/entry-record.js';

/** A send under way. */
export interface Flight {
  lane: string;
  /** The send needs the token, or the cookie session. */
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
  /** Settles when the delivery, which is written with others, is on disk. */
  writing: Promise<unknown> | null;
  /** The entry is delivered, and its delivery is being written: its lane goes on. */
  isDelivered: boolean;
  /** Settles when the result of the send is on disk. */
  done: Promise<void>;
}

export const newFlight = ({ lane, scheme, session }: Pick<EntryRecord, 'lane' | 'scheme' | 'session'>, firstSend: boolean): Flight => ({
  lane,
  needsToken: scheme !== null || session,
  firstSend,
  abort: new AbortController(),
  cancelled: false,
  cancelling: null,
  settling: false,
  writing: null,
  isDelivered: false,
  done: Promise.resolve(),
});

/** A first send that takes longer has its request written, in milliseconds: from then on a dying worker loses nothing. */
export const LATE_MS = 250;
