import type { Op } from './actions.js';
import { nameOf } from './deeds/ids.js';

/** From here on a body that isn't text is a Blob on disk: `candidateOf` has 64 KiB. */
const LARGE = 70_000;

/**
 * A write's body: a line of text as a rule, JSON for a write that names something. It says which write it's of, and is like no other's.
 *
 * @param named the id of what it names @default the temporary one
 */
export function bodyOf({ id, isRefused, body, names }: Op, named = nameOf(names ?? 0)): { body: string; type: string } {
  if (names !== undefined) return { body: `{ "${isRefused ? 'refuse' : 'op'}":${id}, "of":"${named}" }`, type: 'application/json' };
  const isLarge = body === 'long' || body === 'large';
  const length = isLarge ? LARGE : id % 50;
  return {
    body: `${isRefused ? 'refuse' : 'op'} ${id} ${'x'.repeat(length)}`,
    type: body === 'bytes' || body === 'large' ? 'application/octet-stream' : 'text/plain',
  };
}
