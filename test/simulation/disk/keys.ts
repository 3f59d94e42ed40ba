/** Keys, and how IndexedDB sorts them: https://w3c.github.io/IndexedDB/#key-construct */
export type Key = number | string | Key[];

export type KeyPath = string | readonly string[];

/** Numbers before strings before arrays. */
export function compareKeys(a: Key, b: Key): number {
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let index = 0; index < Math.min(a.length, b.length); index++) {
      const order = compareKeys(a[index]!, b[index]!);
      if (order !== 0) return order;
    }
    return a.length - b.length;
  }
  if (typeof a === typeof b) return a < b ? -1 : a > b ? 1 : 0;
  return rankOf(a) - rankOf(b);
}

const rankOf = (key: Key): number => (Array.isArray(key) ? 2 : typeof key === 'string' ? 1 : 0);

const isKey = (value: unknown): value is Key =>
  typeof value === 'string' || (typeof value === 'number' && !Number.isNaN(value)) || (Array.isArray(value) && value.every(isKey));

/** The key at the path; undefined where the value has none there, and so isn't in the index. */
export function keyAt(value: unknown, path: KeyPath): Key | undefined {
  if (typeof path !== 'string') {
    const parts = path.map((one) => keyAt(value, one));
    return parts.includes(undefined) ? undefined : (parts as Key[]);
  }
  let found = value;
  for (const name of path.split('.')) found = (found as Record<string, unknown> | null | undefined)?.[name];
  return isKey(found) ? found : undefined;
}

/** `IDBKeyRange`. */
export class KeyRange {
  constructor(
    readonly lower: Key | undefined,
    readonly upper: Key | undefined,
    readonly lowerOpen = false,
    readonly upperOpen = false,
  ) {}

  static only = (key: Key) => new KeyRange(key, key);
  static bound = (lower: Key, upper: Key, lowerOpen = false, upperOpen = false) => new KeyRange(lower, upper, lowerOpen, upperOpen);
  static lowerBound = (lower: Key, isOpen = false) => new KeyRange(lower, undefined, isOpen);
  static upperBound = (upper: Key, isOpen = false) => new KeyRange(undefined, upper, false, isOpen);

  includes(key: Key): boolean {
    const { lower, upper, lowerOpen, upperOpen } = this;
    const fromLower = lower === undefined ? 1 : compareKeys(key, lower);
    const fromUpper = upper === undefined ? -1 : compareKeys(key, upper);
    return (fromLower > 0 || (fromLower === 0 && !lowerOpen)) && (fromUpper < 0 || (fromUpper === 0 && !upperOpen));
  }
}

export type Query = Key | KeyRange | null | undefined;

export const rangeOf = (query: Query): KeyRange | null =>
  query === null || query === undefined ? null : query instanceof KeyRange ? query : KeyRange.only(query);
