/** Longer than any wait of the ladders: 2^19 ms, almost nine minutes. */
const SPAN_MS = 2 ** 19;

/** In place of the number that comes after. */
const LAST = -1;
const NOT_WAITING = -2;

/**
 * What is due when, for numbers from 0 below `size`, each at most once at a time. A wheel with a slot
 * for each millisecond, so that putting and taking cost the same however many wait: a heap spends
 * most of a run on sorting.
 */
export class Agenda {
  readonly #first = new Int32Array(SPAN_MS).fill(LAST);
  readonly #last = new Int32Array(SPAN_MS).fill(LAST);
  readonly #after: Int32Array;
  #waiting = 0;
  #now = 0;

  constructor(size: number) {
    this.#after = new Int32Array(size).fill(NOT_WAITING);
  }

  /** The virtual time, in milliseconds. */
  get now(): number {
    return this.#now;
  }

  /**
   * Puts a number down for the first full millisecond from `at` on.
   * @throws RangeError when that's past, or further ahead than the wheel is long, or when it waits already
   */
  put(id: number, at: number): void {
    const due = Math.ceil(at);
    if (due < this.#now || due >= this.#now + SPAN_MS) {
      throw new RangeError(`${at} ms isn't within ${SPAN_MS} ms from ${this.#now}`);
    }
    if (this.#after[id] !== NOT_WAITING) throw new RangeError(`${id} waits already`);
    const slot = due % SPAN_MS;
    const last = this.#last[slot]!;
    if (last < 0) this.#first[slot] = id;
    else this.#after[last] = id;
    this.#after[id] = LAST;
    this.#last[slot] = id;
    this.#waiting++;
  }

  /** Lets the time pass until nothing is due any more. In one millisecond, first put is first taken. */
  run(take: (id: number, now: number) => void): void {
    for (; this.#waiting > 0; this.#now++) {
      const slot = this.#now % SPAN_MS;
      for (let id = this.#first[slot]!; id >= 0; id = this.#first[slot]!) {
        const next = this.#after[id]!;
        this.#first[slot] = next;
        if (next === LAST) this.#last[slot] = LAST;
        this.#after[id] = NOT_WAITING;
        this.#waiting--;
        take(id, this.#now);
      }
    }
  }
}
