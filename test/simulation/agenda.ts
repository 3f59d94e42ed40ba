/** One thread of the simulated machine that can die by itself: a worker, or a page. */
export interface Process {
  readonly name: string;
  isAlive: boolean;
}

interface Item {
  at: number;
  order: number;
  process: Process | null;
  task: (() => void) | null;
}

const realImmediate = setImmediate;

/**
 * The virtual time, and what happens when. One item is one turn of one process: everything that's set off by it has come
 * to rest before the next one begins. What belongs to a process that has died doesn't happen.
 */
export class Agenda {
  /** In milliseconds, from 0. */
  now = 0;
  /** Whose turn it is; null for the machine's own. */
  current: Process | null = null;
  /** Turns so far. */
  turns = 0;
  #order = 0;
  #heap: Item[] = [];
  #turnEnds: (() => void)[] = [];

  /** Calls `task` in a turn of the process, `ms` from now. Gives the way to stop it. */
  in(ms: number, process: Process | null, task: () => void): () => void {
    return this.at(this.now + Math.max(0, ms), process, task);
  }

  /** The same at a time. */
  at(at: number, process: Process | null, task: () => void): () => void {
    const item: Item = { at, order: this.#order++, process, task };
    this.#push(item);
    return () => {
      item.task = null;
    };
  }

  /** Resolves in a turn of the process, `ms` from now; never, when that dies before. */
  wait(ms: number, process: Process | null): Promise<void> {
    return new Promise((resolve) => void this.in(ms, process, resolve));
  }

  /** Calls `task` when the turn is over, microtasks included. */
  atTurnEnd(task: () => void): void {
    this.#turnEnds.push(task);
  }

  /** Whether nothing that's still to come matters. */
  isOver: () => boolean = () => false;

  /** Lets time pass up to `end`. */
  async run(end: number): Promise<void> {
    for (let item = this.#heap[0]; item && item.at <= end && !this.isOver(); item = this.#heap[0]) {
      this.#pop();
      if (!item.task || item.process?.isAlive === false) continue;
      this.now = item.at;
      await this.turn(item.process, item.task);
    }
    this.now = Math.max(this.now, end);
  }

  /** One turn, with all that it sets off. */
  async turn(process: Process | null, task: () => void): Promise<void> {
    this.turns++;
    this.current = process;
    task();
    await new Promise<void>((resolve) => void realImmediate(resolve));
    for (let ends = this.#turnEnds; ends.length > 0; ends = this.#turnEnds) {
      this.#turnEnds = [];
      for (const end of ends) end();
      await new Promise<void>((resolve) => void realImmediate(resolve));
    }
    this.current = null;
  }

  #push(item: Item): void {
    const heap = this.#heap;
    let at = heap.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(item, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = item;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

const isBefore = (a: Item, b: Item): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);
