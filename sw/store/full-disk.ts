import type { KeptSettlement } from '../policy/settlement.js';
import type { Reference } from '../protocol/api.js';
import type { SyncEvent } from '../protocol/events.js';
import type { Connection } from './connection.js';
import { unawaited, writesTo, type WriteTransaction } from './schema.js';
import { note, tellOfGone, type Gone } from './writes.js';

/** A connection whose writes can empty a full disk. */
export interface Emptying {
  /** Runs a write as `Connection` does, with what the disk had no room for before. */
  write: Connection['write'];
  /**
   * Runs a write that empties a full disk. Chromium takes no transaction there that writes anything, however much it removes, and
   * takes a removal. So what is to go goes first, by itself, and then the journal.
   *
   * @param work told which entries have gone already; why is written after it
   * @param remove removes what `work` would, tells `gone` of it, and writes nothing
   * @param owe called when there's still no room. Returns what `work` would, and the events that it would note beside those of what has gone; null where nothing was to go
   */
  writeWhenFull<T>(
    work: (tx: WriteTransaction, gone: Gone) => Promise<T>,
    remove: (tx: WriteTransaction, gone: Gone) => Promise<void>,
    owe: (gone: Gone) => { result: T; events: SyncEvent[] } | null,
  ): Promise<T>;
  /** The settlement of an entry that has gone, while the disk has no room for the settlement. */
  settlementOf(reference: Reference): KeptSettlement | undefined;
}

export function emptying({ write: plainly, writeAlong }: Pick<Connection, 'write' | 'writeAlong'>): Emptying {
  /** What the disk has had no room for since its entries have gone: it's written along with the next write for which there's room. */
  const owed: { gone: Gone; events: SyncEvent[] }[] = [];
  let isPaying = false;

  const write: Emptying['write'] = (work, whenFull) => {
    if (owed.length > 0 && !isPaying) {
      isPaying = true;
      const due = [...owed];
      const pay = async (tx: WriteTransaction) => {
        for (const { gone, events } of due) {
          await note(tx, events);
          await tellOfGone(tx, gone);
        }
      };
      const paying = writeAlong(pay).then(() => owed.splice(0, due.length));
      unawaited(paying.finally(() => (isPaying = false)));
    }
    return plainly(work, whenFull);
  };

  return {
    write,
    writeWhenFull(work, remove, owe) {
      const gone: Gone = new Map();
      return write(
        (tx) => work(tx, gone),
        async (commit) => {
          await commit((tx) => remove(tx, gone));
          const rest = async (tx: WriteTransaction) => {
            const result = await work(tx, gone);
            await tellOfGone(tx, gone);
            return result;
          };
          try {
            return await commit(rest).catch(async () => {
              await commit(async (tx) => writesTo(tx, 'journal').delete(IDBKeyRange.lowerBound(0)));
              return commit(rest);
            });
          } catch (error) {
            const left = owe(gone);
            if (!left) throw error;
            owed.push({ gone, events: left.events });
            return left.result;
          }
        },
      );
    },
    settlementOf(reference) {
      const settlements = owed.flatMap(({ gone }) => [...gone.values()].flatMap(({ decision }) => decision.settlement ?? []));
      return settlements.find(({ seq, id, key }) => [seq, id, key].includes(reference));
    },
  };
}
