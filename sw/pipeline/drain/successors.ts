import type { EntryRecord } from '../../policy/entry-record.js';
import type { Backend } from '../backend/backend.js';

/**
 * Successors: entries that are first in line since their predecessor was delivered. Each was read along with its
 * predecessor, so a backlog is worked off without reading the heads of all lanes for every delivery.
 */
export class Successors {
  #entries: EntryRecord[] = [];

  add(entry: EntryRecord): void {
    this.#entries.push(entry);
  }

  get any(): boolean {
    return this.#entries.length > 0;
  }

  /** Returns the successors, each once. */
  take(): EntryRecord[] {
    const taken = this.#entries;
    this.#entries = [];
    return taken;
  }

  /**
   * Whether only successors may go out now, at each backend that has any: every other lane has a send under way. Else the
   * heads must be read, as an entry that waits for a time, or a token, isn't among the successors.
   *
   * @param flying entries whose send is under way
   */
  areAll(backends: Iterable<Backend>, flying: readonly EntryRecord[]): boolean {
    return [...backends].every(({ config, lanes, flights }) => {
      const isMine = ({ backend }: EntryRecord) => backend === config.key;
      const mine = this.#entries.filter(isMine);
      const busy = new Set([...mine, ...flying.filter(isMine), ...flights.values()].map(({ lane }) => lane));
      // A lane with two turns may have an older entry in the other turn.
      return mine.length === 0 || (lanes.all().every(([, lane]) => busy.has(lane)) && mine.every(({ lane }) => lanes.turns(lane).length === 1));
    });
  }
}
