import type { BackendRecord } from '../../policy/backend-record.js';

/**
 * What is known of a server's clock, by which tokens are made and judged. A device's own may be wrong by hours, and then no
 * token looks as long as it lives.
 */
export interface ServerClock {
  record: BackendRecord;
  /**
   * The last token that came when it was over by this device's clock: when it was made, in seconds, and when it came. At
   * first the newest one that an earlier worker knew; when that came isn't known.
   */
  lateToken: { iat: number; at: number };
}

/** Reads the clock off an answer's headers. An `Age` tells of a cache, whose `Date` is an old one; other origins may hide it. */
export function noteDate(clock: ServerClock, { date, age }: Readonly<Record<string, string>>, now: number): void {
  const skewMs = Date.parse(date ?? '') - now;
  if (!Number.isNaN(skewMs) && age === undefined) setSkew(clock, nearerSkew(clock.record.serverSkewMs, skewMs));
}

/** Tokens that are made as they're asked for come as far apart as they were made, give or take full seconds, in milliseconds. */
const IN_STEP_MS = 2_500;

/** Two that were made no further apart than this may come like that by chance: several pages that wake at once bring such. */
const APART_MS = 5_000;

/** When the last token that's known here was made, in seconds; 0 where it doesn't say. */
export const lastMade = ({ last, signedOut }: BackendRecord): number => (last ?? signedOut?.forgotten)?.issuedAt ?? 0;

/**
 * Reads the clock off tokens that are over when they come, each made after all that are known. Two that come as far apart
 * as they were made weren't kept anywhere: they're fresh, and it's this device's clock that is ahead. A token that a page
 * has kept for long shows nothing: it was seen before, most often, or a newer one was.
 */
export function noteLateToken(clock: ServerClock, iat: number, now: number): void {
  const before = clock.lateToken;
  // What was made in the future is a token of another kind, which only says when it ends.
  const isAfter = (made: number) => made * 1000 > now || (iat - made) * 1000 > APART_MS;
  if (![before.iat, lastMade(clock.record)].every(isAfter)) return;
  clock.lateToken = { iat, at: now };
  if (Math.abs((iat - before.iat) * 1000 - (now - before.at)) <= IN_STEP_MS) setSkew(clock, iat * 1000 - now);
}

function setSkew(clock: ServerClock, serverSkewMs: number): void {
  if (serverSkewMs !== clock.record.serverSkewMs) clock.record = { ...clock.record, serverSkewMs };
}

/** A clock that's off by more than this was set, in milliseconds. */
const SET_MS = 60_000;

/** What is known so nearly isn't worth being written again, in milliseconds. */
const NEAR_MS = 250;

/**
 * Which of two readings of a server's clock to believe. A `Date` has full seconds and has travelled, so each reading is at
 * most what's true, and the larger one is nearer to it; unless the two are so far apart that a clock has been set.
 */
const nearerSkew = (known: number | null, heard: number): number =>
  known === null || heard > known + NEAR_MS || heard < known - SET_MS ? heard : known;
