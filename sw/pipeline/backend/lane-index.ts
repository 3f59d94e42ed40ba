import type { Turn } from '../../policy/entry-record.js';

/**
 * In which turns anything waits, without asking the disk on every fetch. A turn is marked before its
 * entry is written and unmarked when a later reading of the heads doesn't show it, so it may be
 * marked a little too long and never too short.
 */
export class LaneIndex {
  readonly #states = new Map<string, LaneState>();
  #epoch = 0;

  /** Whether anything waits in any lane. */
  get any(): boolean {
    return this.#states.size > 0;
  }

  /** All turns in which something waits. */
  all(): Turn[] {
    return [...this.#states.values()].map(({ turn }) => turn);
  }

  /** The turns of a lane in which something waits. */
  turns(lane: string): Turn[] {
    return this.all().filter((turn) => turn[1] === lane);
  }

  /** An entry is about to be written. */
  writeStarted(turn: Turn): void {
    this.#stateOf(turn).writing++;
  }

  /** @param written whether it's on disk now; if not, nothing is known that wasn't before */
  writeEnded(turn: Turn, written: boolean): void {
    const state = this.#stateOf(turn);
    state.writing--;
    if (written) state.writtenAt = this.#epoch;
    else if (state.writing === 0 && state.writtenAt < 0 && state.seenAt < 0) this.#states.delete(JSON.stringify(turn));
  }

  /** The heads are about to be read: gives what `refresh` wants back. */
  refreshStarted(): number {
    return ++this.#epoch;
  }

  /**
   * The heads showed entries in these turns.
   *
   * @param hidden turns whose head is a first send under way: what's behind it couldn't be seen
   */
  refresh(startedAt: number, turns: readonly Turn[], hidden: readonly Turn[] = []): void {
    for (const turn of turns) this.#stateOf(turn).seenAt = startedAt;
    for (const turn of hidden) {
      const state = this.#states.get(JSON.stringify(turn));
      if (state) state.seenAt = startedAt;
    }
    for (const [name, { writing, writtenAt, seenAt }] of this.#states) {
      if (writing === 0 && writtenAt < startedAt && seenAt < startedAt) this.#states.delete(name);
    }
  }

  #stateOf(turn: Turn): LaneState {
    const name = JSON.stringify(turn);
    const state = this.#states.get(name) ?? { turn, writing: 0, writtenAt: -1, seenAt: -1 };
    this.#states.set(name, state);
    return state;
  }
}

interface LaneState {
  turn: Turn;
  /** Entries that are being written at the moment. */
  writing: number;
  writtenAt: number;
  seenAt: number;
}
