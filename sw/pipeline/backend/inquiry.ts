import type { Clock } from '../../ports.js';
import { LATE_MS } from './flights.js';

/**
 * The look into a page's own send that got no answer: is the server away, or does a single request not get through?
 * Writes that come meanwhile wait for the result. Else each write of a burst during an outage is sent in vain.
 */
export interface Inquiry {
  /** Begins an inquiry, unless one is under way. Returns a function that ends what was begun. */
  begin(): () => void;
  /** Resolves at the end of the inquiry under way, and no later than a first send is written (`LATE_MS`); null when none is. */
  readonly over: Promise<void> | null;
}

export function createInquiry(clock: Clock): Inquiry {
  let over: Promise<void> | null = null;
  return {
    begin() {
      let end = () => {};
      if (over) return end;
      const ended = new Promise<void>((resolve) => (end = resolve));
      const stopTimer = clock.after(LATE_MS, end);
      over = ended.then(() => {
        stopTimer();
        over = null;
      });
      return end;
    },
    get over() {
      return over;
    },
  };
}
