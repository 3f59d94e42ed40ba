import type { Requested } from '../../ports.js';

/** The place of a request among those of its lane that the worker has in hand. */
export interface Berth {
  /** Its write is in the queue, or there won't be one: who came later may queue up behind it. */
  place(): void;
  /** Resolves when all that came earlier in the lane have their place. */
  earlier(): Promise<void>;
  /** Its request, while that's marked on disk as waiting for its answer. */
  entry: Requested | null;
  /** The request is answered. */
  leave(): void;
}

interface Held {
  lane: string;
  placed: Promise<void>;
}

/**
 * Requests in hand, in the order in which they came. They're sent side by side, as the page meant it,
 * and may fail in any order; when they're stored, it's in the order in which they came.
 */
export class Berths {
  readonly #held = new Set<Held>();

  take(lane: string): Berth {
    let place = () => {};
    const placed = new Promise<void>((resolve) => {
      place = resolve;
    });
    const mine: Held = { lane, placed };
    this.#held.add(mine);
    return {
      entry: null,
      place,
      earlier: async () => {
        const before: Promise<void>[] = [];
        for (const other of this.#held) {
          if (other === mine) break;
          if (other.lane === lane) before.push(other.placed);
        }
        await Promise.all(before);
      },
      leave: () => {
        place();
        this.#held.delete(mine);
      },
    };
  }
}
