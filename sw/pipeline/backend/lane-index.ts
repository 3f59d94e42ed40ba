import type { Turn } from '../../policy/entry-record.js';

/**
 * In which turns anything waits, without asking the disk on every fetch. A turn is marked before its
 * entry is written and unmarked when a later reading of the heads doesn't show it, so it may be
 * marked a little too long and never too short.
 */
export class LaneLedger {
  readonly #marks = new Map<string, Mark>();
  #epoch = 0;

  /** Whether anything waits in any lane. */
  get any(): boolean {
    return this.#marks.size > 0;
  }

  /** All turns in which something waits. */
  all(): Turn[] {
    return [...this.#marks.values()].map(({ turn }) => turn);
  }

  /** The turns of a lane in which something waits. */
  turns(lane: string): Turn[] {
    return this.all().filter((turn) => turn[1] === lane);
  }

  /** An entry is about to be written. */
  begin(turn: Turn): void {
    this.#mark(turn).writing++;
  }

  /** @param written whether it's on disk now; if not, nothing is known that wasn't before */
  end(turn: Turn, written: boolean): void {
    const mark = this.#mark(turn);
    mark.writing--;
    if (written) mark.writtenAt = this.#epoch;
    else if (mark.writing === 0 && mark.writtenAt < 0 && mark.seenAt < 0) this.#marks.delete(JSON.stringify(turn));
  }

  /** The heads are about to be read: gives what `read` wants back. */
  startReading(): number {
    return ++this.#epoch;
  }

  /**
   * The heads showed entries in these turns.
   *
   * @param covered turns whose head is a first send under way: what's behind it couldn't be seen
   */
  read(startedAt: number, turns: readonly Turn[], covered: readonly Turn[] = []): void {
    for (const turn of turns) this.#mark(turn).seenAt = startedAt;
    for (const turn of covered) {
      const mark = this.#marks.get(JSON.stringify(turn));
      if (mark) mark.seenAt = startedAt;
    }
    for (const [name, { writing, writtenAt, seenAt }] of this.#marks) {
      if (writing === 0 && writtenAt < startedAt && seenAt < startedAt) this.#marks.delete(name);
    }
  }

  #mark(turn: Turn): Mark {
    const name = JSON.stringify(turn);
    const mark = this.#marks.get(name) ?? { turn, writing: 0, writtenAt: -1, seenAt: -1 };
    this.#marks.set(name, mark);
    return mark;
  }
}

interface Mark {
  turn: Turn;
  /** Entries that are being written at the moment. */
  writing: number;
  writtenAt: number;
  seenAt: number;
}
