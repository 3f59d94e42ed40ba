/** The place of a request among those of its lane that the worker has in hand. */
export interface Berth {
  /** Its write is in the queue, or there won't be one: who came later may queue up behind it. */
  place(): void;
  /** Resolves when all that came earlier in the lane have their place. */
  earlier(): Promise<void>;
  /** Its entry, while that's marked as waiting for this request's answer. */
  seq: number | null;
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
      seq: null,
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
