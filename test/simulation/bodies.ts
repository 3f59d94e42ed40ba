import type { Op } from './actions.js';

/** From here on a body that isn't text is a Blob on disk: `candidateOf` has 64 KiB. */
const LARGE = 70_000;

/** A write's body: a line of text as a rule. It says which write it's of, and is like no other's. */
export function bodyOf({ id, isRefused, body }: Op): { body: string; type: string } {
  const isLarge = body === 'long' || body === 'large';
  const length = isLarge ? LARGE : id % 50;
  return {
    body: `${isRefused ? 'refuse' : 'op'} ${id} ${'x'.repeat(length)}`,
    type: body === 'bytes' || body === 'large' ? 'application/octet-stream' : 'text/plain',
  };
}
