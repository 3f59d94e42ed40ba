import { turnOf, type EntryRecord } from '../../policy/entry-record.js';
import { AHEAD } from '../../policy/lanes.js';
import type { Outbox } from '../../ports.js';
import type { Line } from '../line.js';
import type { Providers } from '../providers.js';
import type { Report } from '../report.js';
import type { Neighbours } from '../workers/neighbours.js';
import { perhapsSent, type State } from './backends.js';

export interface Heads {
  /** The first entry of each turn. Reads the disk for what isn't known, and brings the backends' lane indexes up to date. */
  read(): Promise<EntryRecord[]>;
  /** The first entry of each turn, from the disk where they aren't all known. Changes nothing. */
  look(): Promise<EntryRecord[]>;
  /** Reads which entries other workers may have sent, those that this worker sends left out. */
  perhapsSent(): Promise<number[]>;
}

export interface HeadsParts {
  outbox: Pick<Outbox, 'heads' | 'lots' | 'start'>;
  report: Pick<Report, 'written'>;
  line: Line;
  neighbours: Neighbours;
  state: State;
  providers: Providers;
}

export function createHeads({ outbox, report, line, neighbours, state, providers }: HeadsParts): Heads {
  const fromDisk = () =>
    neighbours.reading(async () => {
      // Another worker may have stored a provider, or had a provider's answer. The last reading is made once no other worker lives.
      if (neighbours.mayHaveStored()) await providers.refresh();
      return outbox.heads();
    });

  /** Reads the turns whose beginning isn't known. Deliveries are written first: the disk shows what isn't written off. */
  async function fill(): Promise<void> {
    const unread = line.unread();
    if (unread) {
      await line.readSome(async () => {
        await report.written();
        const lots = await outbox.lots(unread, AHEAD);
        return unread.map((turn, index) => ({ turn, entries: lots[index]!, isWhole: lots[index]!.length < AHEAD }));
      });
    } else {
      await line.readAll(async () => {
        await report.written();
        return (await fromDisk()).map((head) => ({ turn: head.turn ?? turnOf(head), entries: [head], isWhole: false }));
      });
    }
  }

  async function find(): Promise<EntryRecord[]> {
    if (neighbours.isAlone()) {
      const known = line.heads();
      if (known) return known;
      await fill();
      // Whoever has changed a turn meanwhile asks for another look.
      if (line.unread()) return line.known();
    }
    line.forget();
    await report.written();
    return fromDisk();
  }

  return {
    async read() {
      const readings = [...state.backends.values()].map((backend) => ({ backend, at: backend.lanes.refreshStarted() }));
      const heads = await find();
      for (const { backend, at } of readings) {
        const ownHeads = heads.filter((head) => head.backend === backend.config.key);
        const isFirstSend = ({ seq }: EntryRecord) => backend.flights.get(seq)?.firstSend === true;
        const inLine = ownHeads.filter((head) => !isFirstSend(head)).map(turnOf);
        const unread = (line.unread() ?? []).filter(([key]) => key === backend.config.key);
        backend.lanes.refresh(at, [...inLine, ...unread], ownHeads.filter(isFirstSend).map(turnOf));
      }
      return heads;
    },
    look: async () => (neighbours.isAlone() && line.heads()) || fromDisk(),
    async perhapsSent() {
      const started = await outbox.start(AHEAD);
      const isSent = (seq: number) => [...state.backends.values()].some(({ flights }) => flights.has(seq));
      return perhapsSent(started).filter((seq) => !isSent(seq));
    },
  };
}
