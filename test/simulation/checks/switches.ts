import type { EntryRecord } from '../../../sw/policy/entry-record.js';
import type { BackendRecord, RemoteAnswer } from '../../../sw/policy/backend-record.js';
import type { Process } from '../agenda.js';
import type { Committed } from '../disk/disk.js';
import { opOfEntry } from '../history.js';
import type { World } from '../world.js';

/** Looks at what the server's remote configuration makes of what comes onto the disk. */
export function watchSwitches({ disk, history, server, agenda }: World): void {
  /** By backend: the newest answer that was on disk; and the last one of each worker's, with the time. */
  const newest = new Map<string, RemoteAnswer>();
  const own = new Map<Process, Map<string, { since: number; offlineMode: boolean }>>();

  /** What counts is what the server has said, and the newest of that. */
  function switchesAreTheServers({ process, changes }: Committed): void {
    for (const { store, after } of changes) {
      const { key = '', remote } = store === 'backends' ? (after as BackendRecord) : {};
      if (!remote) continue;
      const { at, autoRetry, offlineMode } = remote;
      const isSaid = server.said.some((said) => said.at >= at && said.autoRetry === autoRetry && said.offlineMode === offlineMode);
      if (!isSaid) history.violated("switches are the server's", `${key}: the server never said ${JSON.stringify(remote)}`);
      const last = newest.get(key);
      if (last && last.at > at) history.violated('the newest switches count', `${key}: ${JSON.stringify(last)} was written over by ${JSON.stringify(remote)}`);
      else newest.set(key, remote);
      // What another worker has heard, and this one's write only leaves on disk, it doesn't know.
      if (last?.at === at) continue;
      const mine = own.get(process) ?? new Map<string, { since: number; offlineMode: boolean }>();
      const known = mine.get(key);
      if (known?.offlineMode !== offlineMode) own.set(process, mine.set(key, { since: agenda.now, offlineMode }));
    }
  }

  /** A worker that knows that the server wants nothing captured captures nothing that's written from then on. */
  function nothingIsCapturedAgainstIt({ process, changes }: Committed): void {
    for (const { store, before, after } of changes) {
      if (store !== 'entries' || before || !after) continue;
      const entry = after as EntryRecord;
      const known = own.get(process)?.get(entry.backend);
      const post = history.posts.get(opOfEntry(entry));
      if (known?.offlineMode === false && !server.said.at(-1)?.offlineMode && post && post.calledAt > known.since && post.deaths === 0)
        history.violated('the server may switch capturing off', 'captured after that', post.op.id);
    }
  }

  disk.onCommit.push((committed) => {
    switchesAreTheServers(committed);
    nothingIsCapturedAgainstIt(committed);
  });
}
