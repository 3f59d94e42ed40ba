/** The place of a request in the order of arrival, among the unanswered requests of its lane. */
export interface Ticket {
  /** Notes that the request's write is queued, or won't be made: later arrivals may queue their writes. */
  placed(): void;
  /** Resolves when all earlier arrivals of the lane are placed. */
  precedingPlaced(): Promise<void>;
  /** Notes that the request is answered. */
  release(): void;
}

interface Arrival {
  lane: string;
  placed: Promise<void>;
}

/**
 * Unanswered requests, in the order of arrival. First sends run side by side, as the page meant it,
 * and may fail in any order; the requests are stored in the order of arrival.
 */
export class Arrivals {
  readonly #inHand = new Set<Arrival>();

  take(lane: string): Ticket {
    let placed = () => {};
    const isPlaced = new Promise<void>((resolve) => {
      placed = resolve;
    });
    const arrival: Arrival = { lane, placed: isPlaced };
    this.#inHand.add(arrival);
    return {
      placed,
      precedingPlaced: async () => {
        const preceding: Promise<void>[] = [];
        for (const other of this.#inHand) {
          if (other === arrival) break;
          if (other.lane === lane) preceding.push(other.placed);
        }
        await Promise.all(preceding);
      },
      release: () => {
        placed();
        this.#inHand.delete(arrival);
      },
    };
  }
}
