/** The place of a request among those of its lane that this worker has in hand: the order of arrival, and no more. */
export interface Ticket {
  /** The request's write is in the queue of writes, or there won't be one: later arrivals may queue up behind it. */
  placed(): void;
  /** Resolves when all that arrived earlier in the lane are placed. */
  precedingPlaced(): Promise<void>;
  /** The request is answered. */
  release(): void;
}

interface Arrival {
  lane: string;
  placed: Promise<void>;
}

/**
 * Requests in hand, in the order in which they arrived. They're sent side by side, as the page meant it,
 * and may fail in any order; they're stored in the order of arrival.
 */
export class Arrivals {
  readonly #inHand = new Set<Arrival>();

  take(lane: string): Ticket {
    let placed = () => {};
    const isPlaced = new Promise<void>((resolve) => {
      placed = resolve;
    });
    const mine: Arrival = { lane, placed: isPlaced };
    this.#inHand.add(mine);
    return {
      placed,
      precedingPlaced: async () => {
        const preceding: Promise<void>[] = [];
        for (const other of this.#inHand) {
          if (other === mine) break;
          if (other.lane === lane) preceding.push(other.placed);
        }
        await Promise.all(preceding);
      },
      release: () => {
        placed();
        this.#inHand.delete(mine);
      },
    };
  }
}
