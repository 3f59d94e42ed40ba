import type { EntryRecord, Turn } from '../policy/entry-record.js';
import type { Requested } from '../ports.js';

/** The first entries of one turn, read ahead. */
export interface Beginning {
  turn: Turn;
  /** In the order of capture. Empty: the disk must be read. */
  entries: EntryRecord[];
  /** Nothing stands behind the last of the entries. */
  isWhole: boolean;
}

/** What has changed while the disk was being read. */
interface Reading {
  /** The names of turns; with true where nothing but new entries have come, which stand behind all others. */
  changed: Map<string, boolean>;
  /** Nothing that was read counts. */
  isVoid: boolean;
}

const nameOf = (turn: Turn): string => JSON.stringify(turn);

/**
 * The beginning of each turn, known without a look at the disk: as it was read last, with all changes since. Only a worker
 * that is alone with its outbox may go by it.
 */
export class Line {
  readonly #turns = new Map<string, Beginning>();
  /** The turn of each entry that was read ahead. */
  readonly #places = new Map<number, string>();
  /** New entries whose fetch event isn't handled yet. */
  readonly #unhandled = new Map<number, EntryRecord>();
  /** Entries for which writes are under way: how many, and whether any two of them were at one time. */
  readonly #writing = new Map<number, { count: number; isContested: boolean }>();
  /** How many sweeps are under way, each of which may change any entry. */
  #sweeps = 0;
  readonly #readings = new Set<Reading>();
  /** All turns are listed. */
  #isComplete = false;
  /** How often everything was forgotten. The result of a write that began before says nothing of the disk any more. */
  age = 0;

  /** The first entry of each turn; null where the disk must be read for it. */
  heads(): EntryRecord[] | null {
    if (!this.#isComplete) return null;
    const heads: EntryRecord[] = [];
    for (const { entries: [head] } of this.#turns.values()) {
      if (!head) return null;
      heads.push(head);
    }
    return heads;
  }

  /** The first entries of the turns whose beginning is known. */
  known(): EntryRecord[] {
    return [...this.#turns.values()].flatMap(({ entries }) => entries.slice(0, 1));
  }

  /** The turns whose beginning must be read; null where all must be. */
  unread(): Turn[] | null {
    return this.#isComplete ? [...this.#turns.values()].filter(({ entries }) => entries.length === 0).map(({ turn }) => turn) : null;
  }

  /** The entry as it's on disk, if that is known, and no write is under way for the entry. */
  entry(seq: number): EntryRecord | null {
    const name = this.#places.get(seq);
    if (!this.#isComplete || name === undefined || this.#isChanging(seq)) return null;
    return this.#turns.get(name)?.entries.find((entry) => entry.seq === seq) ?? null;
  }

  /** Takes in a reading of all turns that there are. A turn that has changed meanwhile is unread afterwards. */
  async readAll(read: () => Promise<Beginning[]>): Promise<void> {
    await this.#reading(read, ({ changed }, beginnings) => {
      this.#turns.clear();
      this.#places.clear();
      this.#isComplete = true;
      for (const beginning of beginnings) this.#set(beginning);
      for (const [name, isLonger] of changed) this.#disturbed(name, isLonger);
    });
  }

  /** Takes in a reading of some turns. A turn that has changed meanwhile is unread afterwards, too. */
  async readSome(read: () => Promise<Beginning[]>): Promise<void> {
    await this.#reading(read, ({ changed }, beginnings) => {
      for (const beginning of beginnings) {
        const name = nameOf(beginning.turn);
        this.#set(beginning);
        if (changed.has(name)) this.#disturbed(name, changed.get(name)!);
      }
    });
  }

  async #reading(read: () => Promise<Beginning[]>, takeIn: (reading: Reading, beginnings: Beginning[]) => void): Promise<void> {
    const reading: Reading = { changed: new Map(), isVoid: false };
    this.#readings.add(reading);
    try {
      const beginnings = await read();
      if (!reading.isVoid) takeIn(reading, beginnings);
    } finally {
      this.#readings.delete(reading);
    }
  }

  /** Notes that a write for an entry is under way. Returns a function to call when it has ended. */
  writing(seq: number): () => void {
    const others = this.#writing.get(seq);
    this.#writing.set(seq, { count: (others?.count ?? 0) + 1, isContested: others !== undefined });
    return () => {
      const { count, isContested } = this.#writing.get(seq)!;
      if (count > 1) this.#writing.set(seq, { count: count - 1, isContested });
      else this.#writing.delete(seq);
    };
  }

  /** Notes that a sweep is under way. Returns a function to call when it has ended. */
  sweeping(): () => void {
    this.#sweeps++;
    return () => {
      this.#sweeps--;
      this.forget();
    };
  }

  /**
   * Notes an entry's new state on disk; null for an entry that has gone. Of two writes at one time nobody knows here which is the later
   * one, as their results may come in any order. @param since the `age` when the write began
   */
  changed(seq: number, next: EntryRecord | null, since = this.age): void {
    if (since < this.age) return this.forget();
    if (this.#writing.get(seq)?.isContested) {
      this.unsure(seq);
      if (next?.turn) this.#unread(nameOf(next.turn));
      return;
    }
    if (next?.asked) this.#unhandled.set(seq, next);
    else this.#unhandled.delete(seq);
    const turn = next?.turn;
    const before = this.#places.get(seq);
    if (before !== undefined) this.#note(before, false);
    if (turn) this.#note(nameOf(turn), false);
    if (before !== undefined && (!turn || before !== nameOf(turn))) this.#remove(before, seq);
    if (next && turn) this.#put(turn, next);
  }

  /** Notes a new entry, which stands behind all others of its turn. @param since the `age` when the write began */
  added(entry: EntryRecord, since = this.age): void {
    if (since < this.age) return this.forget();
    if (entry.asked) this.#unhandled.set(entry.seq, entry);
    if (!entry.turn) return;
    this.#note(nameOf(entry.turn), true);
    this.#put(entry.turn, entry);
  }

  /**
   * The entry of a request as it's on disk, with its fetch event unhandled, if that is known, and no write is under way for it. An entry
   * that awaits another isn't known: a write for the other may change both.
   */
  unhandled({ seq, requestId }: Requested): EntryRecord | null {
    const entry = this.#unhandled.get(seq as number);
    return entry && entry.requestId === requestId && !entry.awaits && !this.#isChanging(entry.seq) ? entry : null;
  }

  /** Notes that a fetch event is marked as handled on disk. */
  handled(request: Requested): void {
    if (this.unhandled(request)) this.#unhandled.delete(request.seq as number);
  }

  /** Notes that nobody knows what has become of an entry. */
  unsure(seq: number): void {
    this.#unhandled.delete(seq);
    const name = this.#places.get(seq);
    if (name !== undefined) this.#unread(name);
  }

  /** Forgets everything: another worker may have written, or nobody knows what a write has left. */
  readonly forget = (): void => {
    for (const reading of this.#readings) reading.isVoid = true;
    this.#turns.clear();
    this.#places.clear();
    this.#unhandled.clear();
    this.#isComplete = false;
    this.age++;
  };

  #isChanging(seq: number): boolean {
    return this.#writing.has(seq) || this.#sweeps > 0;
  }

  #note(name: string, isLonger: boolean): void {
    for (const { changed } of this.#readings) changed.set(name, isLonger && changed.get(name) !== false);
  }

  #unread(name: string): void {
    this.#note(name, false);
    this.#disturbed(name, false);
  }

  /** Makes a turn unread, unless it was read and is only longer now. */
  #disturbed(name: string, isLonger: boolean): void {
    const { entries = [] } = this.#turns.get(name) ?? {};
    this.#set({ turn: JSON.parse(name) as Turn, entries: isLonger ? entries : [], isWhole: false });
  }

  #set({ turn, entries, isWhole }: Beginning): void {
    const name = nameOf(turn);
    for (const { seq } of this.#turns.get(name)?.entries ?? []) this.#places.delete(seq);
    if (entries.length === 0 && isWhole) return void this.#turns.delete(name);
    this.#turns.set(name, { turn, entries, isWhole });
    for (const { seq } of entries) this.#places.set(seq, name);
  }

  #remove(name: string, seq: number): void {
    const { turn, entries, isWhole } = this.#turns.get(name)!;
    this.#set({ turn, entries: entries.filter((entry) => entry.seq !== seq), isWhole });
  }

  #put(turn: Turn, next: EntryRecord): void {
    if (!this.#isComplete) return;
    const { entries, isWhole } = this.#turns.get(nameOf(turn)) ?? { entries: [], isWhole: true };
    const [head] = entries;
    // An unread beginning stays so.
    if (!head && !isWhole) return;
    const isIn = this.#places.has(next.seq);
    // An entry that stays the head waits for a time, so the entries read ahead behind it needn't be kept in memory.
    if (isIn && head?.seq === next.seq) return this.#set({ turn, entries: [next], isWhole: isWhole && entries.length === 1 });
    // A new entry behind those that were read ahead is read with the next lot.
    if (!isIn && head && next.seq > entries.at(-1)!.seq) return this.#set({ turn, entries, isWhole: false });
    const others = entries.filter((entry) => entry.seq !== next.seq);
    this.#set({ turn, entries: [...others, next].sort((a, b) => a.seq - b.seq), isWhole });
  }
}
