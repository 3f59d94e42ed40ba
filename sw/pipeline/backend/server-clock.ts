import { newestMade, type BackendRecord } from '../../policy/backend-record.js';

/**
 * The knowledge of a server's clock, by which tokens are made and judged. A device's own clock may be wrong by hours, so
 * that a good token looks expired, or an expired one good.
 */
export interface ServerClock {
  record: BackendRecord;
  /**
   * The last token that was over by this device's clock when it came: `iat` is when it was made, in seconds, `at` is when it
   * came, in milliseconds. At first the newest token that an earlier worker knew, with NaN for `at`.
   */
  lateToken: { iat: number; at: number };
}

/** Reads the server's clock off an answer's headers. An answer with an `Age` comes from a cache, and its `Date` is old; other origins may hide both. */
export function noteDate(clock: ServerClock, { date, age }: Readonly<Record<string, string>>, now: number): void {
  const skewMs = Date.parse(date ?? '') - now;
  if (!Number.isNaN(skewMs) && age === undefined) setSkew(clock, nearerSkew(clock.record.serverSkewMs, skewMs));
}

/** How exactly two fresh tokens come as far apart as they were made, which is told in full seconds. In milliseconds. */
const IN_STEP_MS = 2_500;

/** Two tokens made no further apart than this may come in step by chance, as from several pages that wake at once. In milliseconds. */
const APART_MS = 5_000;

/**
 * Reads the server's clock off a token that is over when it comes, and newer than all known tokens. Two tokens that come
 * as far apart as they were made weren't kept anywhere: they're fresh, and this device's clock is ahead. A token that a
 * page has kept for long shows nothing: most often this token, or a newer one, was seen before.
 */
export function noteLateToken(clock: ServerClock, iat: number, now: number): void {
  const before = clock.lateToken;
  // A known token made in the future has no `iat`: the time is its `exp`, and doesn't compare.
  const isAfter = (made: number) => made * 1000 > now || (iat - made) * 1000 > APART_MS;
  if (![before.iat, newestMade(clock.record)].every(isAfter)) return;
  clock.lateToken = { iat, at: now };
  if (Math.abs((iat - before.iat) * 1000 - (now - before.at)) <= IN_STEP_MS) setSkew(clock, iat * 1000 - now);
}

function setSkew(clock: ServerClock, serverSkewMs: number): void {
  if (serverSkewMs !== clock.record.serverSkewMs) clock.record = { ...clock.record, serverSkewMs };
}

/** Two readings further apart than this show that a clock was set, in milliseconds. */
const SET_MS = 60_000;

/** A reading that's better by less than this isn't worth a write, in milliseconds. */
const NEAR_MS = 250;

/**
 * Chooses between two readings of a server's clock. A `Date` has full seconds and has travelled, so no reading is above
 * the truth, and the larger one is nearer to it; unless the two are so far apart that a clock has been set.
 */
const nearerSkew = (known: number | null, heard: number): number =>
  known === null || heard > known + NEAR_MS || heard < known - SET_MS ? heard : known;
