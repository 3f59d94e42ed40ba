import { turnOf, type EntryRecord } from '../../policy/entry-record.js';
import type { Outbox } from '../../ports.js';
import type { Neighbours } from '../workers/neighbours.js';
import type { State } from './backends.js';

export interface Heads {
  /** Reads the first entry of each turn, and brings the backends' lane indexes up to date. */
  read(): Promise<EntryRecord[]>;
}

export function createHeads({ outbox, neighbours, state }: { outbox: Pick<Outbox, 'heads'>; neighbours: Neighbours; state: State }): Heads {
  async function read(): Promise<EntryRecord[]> {
    const readings = [...state.backends.values()].map((backend) => ({ backend, at: backend.lanes.refreshStarted() }));
    const heads = await outbox.heads();
    for (const { backend, at } of readings) {
      const ownHeads = heads.filter((head) => head.backend === backend.config.key);
      const isFirstSend = ({ seq }: EntryRecord) => backend.flights.get(seq)?.firstSend === true;
      const inLine = ownHeads.filter((head) => !isFirstSend(head)).map(turnOf);
      backend.lanes.refresh(at, inLine, ownHeads.filter(isFirstSend).map(turnOf));
    }
    return heads;
  }
  return { read: () => neighbours.reading(read) };
}
