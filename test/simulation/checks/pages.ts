import type { EntryRecord } from '../../../sw/policy/entry-record.js';
import type { SyncStatus } from '../../../sw/protocol/api.js';
import type { World } from '../world.js';

/** A page that waits for the answer to what was replaced hears that there's none after this, in milliseconds. */
const REPLACED_MS = 10_000;

/** Looks at what the pages hear. */
export function watchPages(world: World): void {
  const { chances, disk, history } = world;
  world.heard = ({ op, heard }) => {
    if (!heard) return;
    // "Stored" is said of what's on disk, or was.
    if (heard.kind === 'queued' && !history.stored.has(op.id)) history.violated('202 only when on disk', 'the page heard 202, and nothing was stored', op.id);
    // Whoever hears of a success hears of its own.
    if (heard.kind === 'answer' && (heard.status === 201 || (op.document && heard.status === 200)) && heard.op !== op.id && heard.op !== history.workOf(op.id)) history.violated('own answer', `the page heard of op ${heard.op}`, op.id);
    const gone = history.gone.get(op.id);
    if (gone?.how === 'replaced' && !history.coalesced.has(op.id) && heard.at > gone.at + REPLACED_MS && !chances.wasSlow)
      history.violated('waits for what was replaced end', `the page heard of it after ${Math.round(heard.at - gone.at)} ms`, op.id);
  };

  world.answered = ({ name, result }) => {
    const status = result as SyncStatus | Error | null;
    if (name !== 'status' || !status || status instanceof Error) return;
    const entries = disk.all<EntryRecord>('entries');
    const dead = entries.filter(({ state }) => state === 'dead').length;
    world.statusAtEnd = { status, waiting: entries.length - dead, dead };
  };
}
