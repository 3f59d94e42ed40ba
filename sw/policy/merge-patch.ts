/** JSON Merge Patch (https://www.rfc-editor.org/rfc/rfc7396). */

export type Json = Record<string, unknown>;

export const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Applies a merge patch to an object; with `isPatch` to another merge patch, so that the outcome does to any document what both do
 * one after the other.
 *
 * @throws where no patch does that: the first puts something else in the place of an object, and the second fills an object there
 */
export function patched(target: Json, patch: Json, isPatch = false): Json {
  const members = new Map(Object.entries(target));
  for (const [name, value] of Object.entries(patch)) {
    const old = members.get(name);
    if (isObject(value)) {
      if (isPatch && members.has(name) && !isObject(old)) throw new TypeError();
      members.set(name, isPatch && !isObject(old) ? value : patched(isObject(old) ? old : {}, value, isPatch));
    } else if (value === null && !isPatch) members.delete(name);
    else members.set(name, value);
  }
  return Object.fromEntries(members);
}
