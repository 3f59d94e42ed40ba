import type { Op } from './actions.js';
import { nameOf } from './deeds/ids.js';

/** From here on a body that isn't text is a Blob on disk: `candidateOf` has 64 KiB. */
const LARGE = 70_000;

/** What a write to a document changes, beside who was there last. */
const FIELDS = ['a', 'b', 'c'];

/**
 * A write's body: a line of text as a rule, JSON for a write that names something, or changes a document. It says which write it's of, and is like no other's.
 *
 * @param named the id of what it names @default the temporary one
 */
export function bodyOf({ id, isRefused, body, names, document }: Op, named = nameOf(names ?? 0)): { body: string; type: string } {
  if (names !== undefined) return { body: `{ "${isRefused ? 'refuse' : 'op'}":${id}, "of":"${named}" }`, type: 'application/json' };
  if (document) return { body: `{ "${isRefused ? 'refuse' : 'by'}":${id}, "${FIELDS[id % FIELDS.length]}":${id} }`, type: document.how === 'PUT' ? 'application/json' : 'application/merge-patch+json' };
  const isLarge = body === 'long' || body === 'large';
  const length = isLarge ? LARGE : id % 50;
  return {
    body: `${isRefused ? 'refuse' : 'op'} ${id} ${'x'.repeat(length)}`,
    type: body === 'bytes' || body === 'large' ? 'application/octet-stream' : 'text/plain',
  };
}
