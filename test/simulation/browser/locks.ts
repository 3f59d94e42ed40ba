import type { Agenda, Process } from '../agenda.js';
import type { Chances } from '../chance.js';

interface Claim {
  process: Process;
  /** Called when it's the holder. */
  granted(): void;
}

/** Web Locks: one holder for each name, in the order of asking. */
export class LockTable {
  #claims = new Map<string, Claim[]>();

  constructor(
    readonly agenda: Agenda,
    readonly chances: Chances,
  ) {}

  async exclusive<T>(process: Process, name: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    const claim = await new Promise<Claim>((resolve, reject) => {
      const mine: Claim = { process, granted: () => void this.agenda.in(this.chances.step('lock'), process, () => resolve(mine)) };
      signal?.addEventListener('abort', () => {
        // One that's held already isn't taken away.
        if (this.#of(name).indexOf(mine) > 0) {
          this.#release(name, mine);
          reject(signal.reason as Error);
        }
      });
      this.#ask(name, mine);
    });
    try {
      return await work();
    } finally {
      if (process.isAlive) this.#release(name, claim);
    }
  }

  keep(process: Process, name: string): void {
    this.#ask(name, { process, granted: () => {} });
  }

  /** The names of those that are held and begin so. */
  async held(process: Process, prefix: string): Promise<string[]> {
    await this.agenda.wait(this.chances.step('lock'), process);
    return [...this.#claims].flatMap(([name, claims]) => (claims.length > 0 && name.startsWith(prefix) ? [name] : []));
  }

  getsFree(process: Process, name: string, ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const mine: Claim = {
        process,
        granted: () => {
          stop();
          this.agenda.in(this.chances.step('lock'), process, () => resolve(true));
          this.#release(name, mine);
        },
      };
      const stop = this.agenda.in(ms, process, () => {
        this.#release(name, mine);
        resolve(false);
      });
      this.#ask(name, mine);
    });
  }

  /** Who holds it now. */
  holder(name: string): Process | null {
    return this.#of(name)[0]?.process ?? null;
  }

  /** A lock outlives its holder by a moment. */
  died(process: Process): void {
    this.agenda.in(this.chances.step('lock of the dead'), null, () => {
      for (const name of this.#claims.keys())
        for (const claim of this.#of(name).filter((one) => one.process === process)) this.#release(name, claim);
    });
  }

  #of(name: string): Claim[] {
    return this.#claims.get(name) ?? [];
  }

  #ask(name: string, claim: Claim): void {
    if (!claim.process.isAlive) return;
    const claims = this.#of(name);
    claims.push(claim);
    this.#claims.set(name, claims);
    if (claims.length === 1) claim.granted();
  }

  #release(name: string, claim: Claim): void {
    const claims = this.#of(name);
    const isHolder = claims[0] === claim;
    const left = claims.filter((other) => other !== claim);
    this.#claims.set(name, left);
    if (isHolder) left[0]?.granted();
  }
}
