/** A task id starts with a letter or digit and has at most 255 characters. */
export const TASK_ID = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,254}$/;

export const TASK_ID_RULE =
  'a task id starts with a letter or digit and goes on with letters, digits or any of . _ @ - (255 characters at most)';

/**
 * Joins key parts with `|`. Each part is URL-encoded by itself, so a `|` inside a part can't forge
 * a key, and the key can be split again without loss.
 */
export const joinKey = (...parts: string[]): string => parts.map(encodeURIComponent).join('|');

/** True for a checkpoint key, false for a task id: only a key has the separator. */
export const isKey = (reference: string): boolean => reference.includes('|');

/** Crockford's base 32: no I, L, O or U, and sorted as the numbers are. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * A task id that sorts by time and can't be guessed: 48 bits of time, then 80 bits of randomness,
 * as a ULID (https://github.com/ulid/spec) writes them.
 *
 * @param now milliseconds since the epoch
 * @param random ten random bytes
 */
export function generatedTaskId(now: number, random: Uint8Array): string {
  let time = '';
  for (let rest = Math.floor(now), place = 0; place < 10; place++) {
    time = ALPHABET[rest % 32] + time;
    rest = Math.floor(rest / 32);
  }
  let tail = '';
  let bits = 0;
  let held = 0;
  for (const byte of random) {
    held = (held << 8) | byte;
    for (bits += 8; bits >= 5; ) {
      bits -= 5;
      tail += ALPHABET[(held >> bits) & 31];
    }
    held &= (1 << bits) - 1;
  }
  return time + tail;
}
