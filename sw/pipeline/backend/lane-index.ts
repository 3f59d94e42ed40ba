import type { Turn } from '../../policy/entry-record.js';

/**
 * The turns in which entries wait, known without asking the disk on every fetch. A turn is listed before its
 * entry is written, and taken out when a later reading of the heads doesn't show it: so a turn may be
 * listed a little too long, and never too short.
 */
export class LaneIndex {
  readonly #states = new Map<string, LaneState>();
  #epoch = 0;

  /** Whether any entry waits in any lane. */
  get any(): boolean {
    return this.#states.size > 0;
  }

  /** All turns in which an entry waits. */
  all(): Turn[] {
    return [...this.#states.values()].map(({ turn }) => turn);
  }

  /** The turns of a lane in which an entry waits. */
  turns(lane: string): Turn[] {
    return this.all().filter((turn) => turn[1] === lane);
  }

  /** Notes that an entry is about to be written. */
  writeStarted(turn: Turn): void {
    this.#stateOf(turn).writing++;
  }

  /** Notes that an entry has been written. */
  listed(turn: Turn): void {
    this.writeStarted(turn);
    this.writeEnded(turn, true);
  }

  /** @param written whether the entry is on disk now; if not, the write leaves no trace */
  writeEnded(turn: Turn, written: boolean): void {
    const state = this.#stateOf(turn);
    state.writing--;
    if (written) state.writtenAt = this.#epoch;
    else if (state.writing === 0 && state.writtenAt < 0 && state.seenAt < 0) this.#states.delete(JSON.stringify(turn));
  }

  /** Notes that the heads are about to be read. Returns the `startedAt` for `refresh`. */
  refreshStarted(): number {
    return ++this.#epoch;
  }

  /**
   * Takes in a reading of the heads.
   *
   * @param turns turns whose head is in line
   * @param hidden turns whose head is a first send under way, which hides the entries behind it
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
  /** How many entries are being written at the moment. */
  writing: number;
  writtenAt: number;
  seenAt: number;
}
