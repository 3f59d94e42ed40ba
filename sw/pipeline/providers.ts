import type { Decision } from '../policy/entry-decision.js';
import { providerOf, standing, type GivenId, type Provider, type Standing } from '../policy/given-ids.js';
import type { Replace } from '../policy/temporary-ids.js';
import type { Outbox } from '../ports.js';

/** A request that provides a temporary id and isn't on disk yet. */
export interface Arrival {
  backend: string;
  name: string;
  /** Resolves when the request is on disk, or is answered without having been there. */
  ended: Promise<void>;
  end(): void;
}

type Whose = Pick<GivenId, 'backend' | 'owner'>;

/** The entries that provide temporary ids, known without a look at the disk. An app that provides none pays nothing for them. */
export class Providers {
  readonly #all = new Map<number, Provider>();
  /** The newest provider of each name, by backend and owner. */
  #newest: Map<string, Map<string, Provider>> | null = null;
  readonly #arriving = new Set<Arrival>();
  #changes = 0;
  /** Counts the providers that there's no room for on disk. */
  #unstored = 0;

  constructor(readonly outbox: Pick<Outbox, 'providers'>) {}

  get any(): boolean {
    return this.#all.size > 0 || this.#arriving.size > 0;
  }

  /** Reads the disk, once more where something has changed meanwhile: another worker may have written, or a sweep removed what was here. */
  async refresh(): Promise<void> {
    for (;;) {
      const changes = this.#changes;
      const found = await this.outbox.providers();
      if (changes !== this.#changes) continue;
      for (const seq of this.#all.keys()) if (seq > 0) this.#all.delete(seq);
      this.#touch();
      for (const provider of found) this.#all.set(provider.seq, provider);
      return;
    }
  }

  /** Notes a decision that's on disk. */
  changed(seq: number, { entry, given }: Pick<Decision, 'entry' | 'given'>): void {
    if (given) this.answered(given);
    else if (entry?.provides !== undefined) {
      // A page may have told the id of a dead letter.
      if (this.#all.get(seq)?.state !== 'answered') this.#set(providerOf(entry));
      for (const arrival of this.#arriving) if (arrival.backend === entry.backend && arrival.name === entry.provides) arrival.end();
    } else if (!entry && this.#all.get(seq)?.state !== 'answered' && this.#all.delete(seq)) this.#touch();
  }

  /** Notes an id that was given. @param given without a `seq`: of an entry that isn't on disk */
  answered({ seq = --this.#unstored, ...given }: Omit<GivenId, 'seq' | 'at'> & { seq?: number }): void {
    this.#set({ ...given, seq, state: 'answered' });
  }

  /** Notes that a request which provides a name has come. */
  arrive(backend: string, name: string): Arrival {
    let resolve = () => {};
    const ended = new Promise<void>((done) => (resolve = done));
    const arrival: Arrival = { backend, name, ended, end: () => void (this.#arriving.delete(arrival) && resolve()) };
    this.#arriving.add(arrival);
    return arrival;
  }

  /** The requests on their way to the disk now. */
  arriving(backend: string): Arrival[] {
    return [...this.#arriving].filter((arrival) => arrival.backend === backend);
  }

  /** Finds the newest provider of a name, of the owner's or of nobody's in particular. Null where there's no provider at all. */
  finder({ backend, owner }: Whose): ((name: string) => Provider | undefined) | null {
    const newest = (this.#newest ??= this.#sorted());
    const [own, nobodys] = [owner, null].map((whose) => newest.get(placeOf({ backend, owner: whose })));
    return own || nobodys ? (name) => own?.get(name) ?? nobodys?.get(name) : null;
  }

  standing(awaits: readonly number[] = []): Standing {
    return standing(awaits.map((seq) => this.#all.get(seq)));
  }

  /** The real ids for what an entry awaits. */
  realIds(awaits: readonly number[]): Replace {
    const ids = new Map(awaits.map((seq) => [this.#all.get(seq)?.name, this.#all.get(seq)?.real]));
    return (token) => ids.get(token) ?? null;
  }

  #set(provider: Provider): void {
    this.#all.set(provider.seq, provider);
    this.#touch();
  }

  #touch(): void {
    this.#changes++;
    this.#newest = null;
  }

  #sorted(): Map<string, Map<string, Provider>> {
    const sorted = new Map<string, Map<string, Provider>>();
    for (const provider of [...this.#all.values()].sort((a, b) => a.seq - b.seq)) {
      const names = sorted.get(placeOf(provider)) ?? new Map<string, Provider>();
      sorted.set(placeOf(provider), names.set(provider.name, provider));
    }
    return sorted;
  }
}

const placeOf = ({ backend, owner }: Whose): string => JSON.stringify([backend, owner]);
