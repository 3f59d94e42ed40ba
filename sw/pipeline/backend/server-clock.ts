import { newestMade, type BackendRecord } from '../../policy/backend-record.js';

/**
 * The clock of one origin's server, by which tokens are made and judged. A device's own clock may be wrong by hours, so that a
 * good token looks expired, or an expired one good. All backends of an origin know the same of it; the server of another
 * origin has a clock of its own.
 */
export interface ServerClock {
  /** The backends of the origin. Each has what's known on its record, so that it's on disk with whatever record is written. */
  readonly backends: { record: BackendRecord }[];
  /** How far the server's clock is ahead of this device's at least, in milliseconds; null when it was never seen. */
  skewMs: number | null;
  /** The last token that was over by this device's clock when it came: `iat` is when it was made, in seconds, `at` is when it came, in milliseconds; NaN for none. */
  lateToken: { iat: number; at: number };
}

/** Returns the function that gives the clock of a URL's origin: the same one for each URL of it. */
export function createServerClocks(): (url: string) => ServerClock {
  const clocks: Record<string, ServerClock> = {};
  return (url) => (clocks[new URL(url).origin] ??= { backends: [], skewMs: null, lateToken: { iat: 0, at: NaN } });
}

/** Reads the server's clock off an answer's headers. An answer with an `Age` comes from a cache, and its `Date` is old; other origins may hide both. */
export function noteDate(clock: ServerClock, { date, age }: Readonly<Record<string, string>>, now: number): void {
  const skewMs = Date.parse(date ?? '') - now;
  if (!Number.isNaN(skewMs) && age === undefined) noteSkew(clock, skewMs);
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
  if (![before.iat, ...clock.backends.map(({ record }) => newestMade(record))].every(isAfter)) return;
  clock.lateToken = { iat, at: now };
  if (Math.abs((iat - before.iat) * 1000 - (now - before.at)) <= IN_STEP_MS) setSkew(clock, iat * 1000 - now);
}

/** Takes in a reading of the server's clock: an answer's, or one that a record on disk has. */
export function noteSkew(clock: ServerClock, heardMs: number): void {
  setSkew(clock, nearerSkew(clock.skewMs, heardMs));
}

function setSkew(clock: ServerClock, serverSkewMs: number): void {
  clock.skewMs = serverSkewMs;
  for (const backend of clock.backends) if (serverSkewMs !== backend.record.serverSkewMs) backend.record = { ...backend.record, serverSkewMs };
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
