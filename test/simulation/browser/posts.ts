import type { Agenda, Process } from '../agenda.js';
import type { Chances, StepKind } from '../chance.js';

/** Messages between processes: those of one way arrive in their order, and one that's just been sent may die with its sender. */
export class Posts {
  #last = new Map<string, number>();

  constructor(
    readonly agenda: Agenda,
    readonly chances: Chances,
  ) {}

  /** @param way those of one name don't overtake each other */
  send(way: string, from: Process | null, to: Process | null, kind: StepKind, arrived: () => void): void {
    if (from?.isAlive === false) return;
    const { agenda, chances } = this;
    // As much as leaves the sender's own process a little later is lost with it.
    const leavesIn = chances.step(kind) / 4;
    const at = Math.max(this.#last.get(way) ?? 0, agenda.now + leavesIn + chances.step(kind));
    this.#last.set(way, at);
    let hasLeft = from === null;
    if (from) agenda.in(leavesIn, from, () => (hasLeft = true));
    // Both are put on the agenda now: what's to come at one time comes in the order of sending.
    agenda.at(at, to, () => hasLeft && arrived());
  }
}

/** One BroadcastChannel for all: each message reaches every other process that listens. */
export class Broadcasts {
  readonly #listeners = new Map<Process, (message: unknown) => void>();

  constructor(readonly posts: Posts) {}

  listen(process: Process, hear: (message: unknown) => void): () => void {
    this.#listeners.set(process, hear);
    return () => void this.#listeners.delete(process);
  }

  send(from: Process, message: unknown): void {
    for (const [process, hear] of this.#listeners) {
      if (process === from || !process.isAlive) continue;
      this.posts.send(`channel ${from.name} ${process.name}`, from, process, 'channel', () => hear(structuredClone(message)));
    }
  }
}
