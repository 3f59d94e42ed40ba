import { compareKeys, keyAt, rangeOf, type Key, type KeyPath, type Query } from './keys.js';

export interface Row {
  /** Under which it was found: the primary key, or the index's. */
  key: Key;
  primaryKey: Key;
  value: unknown;
}

/** One object store's rows. */
export class Table {
  readonly indexes = new Map<string, KeyPath>();
  /** The indexes in which a row stands once for each key of an array (`multiEntry`). */
  readonly multiEntry = new Set<string>();
  /** What the key generator gives next. */
  nextKey = 1;
  /** In the order of their keys. */
  #keys: Key[] = [];
  #values = new Map<Key, unknown>();

  constructor(
    readonly name: string,
    readonly keyPath: string | null,
    readonly autoIncrement: boolean,
  ) {}

  get size(): number {
    return this.#keys.length;
  }

  get(key: Key): unknown {
    return this.#values.get(key);
  }

  has(key: Key): boolean {
    return this.#values.has(key);
  }

  put(key: Key, value: unknown): void {
    if (!this.#values.has(key)) this.#keys.splice(this.#placeOf(key), 0, key);
    this.#values.set(key, value);
  }

  delete(key: Key): void {
    if (this.#values.delete(key)) this.#keys.splice(this.#placeOf(key), 1);
  }

  values(): IterableIterator<unknown> {
    return this.#values.values();
  }

  /** The rows of the query, in order; by an index if one is named. */
  rows(query: Query, index: string | null = null, limit = Infinity): Row[] {
    const range = rangeOf(query);
    const found: Row[] = [];
    if (index === null) {
      if (range && range.lower !== undefined && range.lower === range.upper) {
        const value = this.#values.get(range.lower);
        return value === undefined ? [] : [{ key: range.lower, primaryKey: range.lower, value }];
      }
      for (let at = range?.lower === undefined ? 0 : this.#placeOf(range.lower); at < this.#keys.length && found.length < limit; at++) {
        const key = this.#keys[at]!;
        if (range?.upper !== undefined && compareKeys(key, range.upper) > 0) break;
        if (!range || range.includes(key)) found.push({ key, primaryKey: key, value: this.#values.get(key) });
      }
      return found;
    }
    const path = this.indexes.get(index);
    if (path === undefined) throw new DOMException(`no index ${index} in ${this.name}`, 'NotFoundError');
    for (const primaryKey of this.#keys) {
      const value = this.#values.get(primaryKey);
      const key = keyAt(value, path);
      const keys = this.multiEntry.has(index) && Array.isArray(key) ? new Set(key) : key === undefined ? [] : [key];
      for (const one of keys) if (!range || range.includes(one)) found.push({ key: one, primaryKey, value });
    }
    // Among equal keys by primary key, in which order they come here.
    found.sort((a, b) => compareKeys(a.key, b.key));
    return limit < found.length ? found.slice(0, limit) : found;
  }

  /** Where the key is, or would be. */
  #placeOf(key: Key): number {
    let [low, high] = [0, this.#keys.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareKeys(this.#keys[middle]!, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
