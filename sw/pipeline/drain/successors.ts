import type { EntryRecord } from '../../policy/entry-record.js';
import type { Backend } from '../backend/backend.js';

/**
 * Entries that stand first in line since the one before them was delivered. Each was read along with that one, so a
 * backlog is worked off without reading the heads of all lanes for every delivery.
 */
export class Successors {
  #entries: EntryRecord[] = [];

  add(entry: EntryRecord): void {
    this.#entries.push(entry);
  }

  get any(): boolean {
    return this.#entries.length > 0;
  }

  /** Gives them, each once. */
  take(): EntryRecord[] {
    const taken = this.#entries;
    this.#entries = [];
    return taken;
  }

  /**
   * Whether the successors are all that may go out now, at each backend: every other lane has a send under way. Entries that
   * wait for a time, or a token, are found by reading the heads alone.
   *
   * @param flying entries whose send is under way
   */
  areAll(backends: Iterable<Backend>, flying: readonly EntryRecord[]): boolean {
    return [...backends].every(({ config, lanes, flights }) => {
      const isMine = ({ backend }: EntryRecord) => backend === config.key;
      const mine = this.#entries.filter(isMine);
      const busy = new Set([...mine, ...flying.filter(isMine), ...flights.values()].map(({ lane }) => lane));
      // A lane with two kinds of credential may have an older entry under the other one.
      return mine.length === 0 || (lanes.all().every(([, lane]) => busy.has(lane)) && mine.every(({ lane }) => lanes.turns(lane).length === 1));
    });
  }
}
