import type { SyncClient } from '../../client/sync-client.js';
import type { EntryInfo } from '../../sw/protocol/api.js';

/** A client whose outbox is a map, and whose answers wait to be let go. */
export function outboxClient(seqs: number[]) {
  const outbox = new Map(seqs.map((seq) => [seq, { seq, id: `task-${seq}`, key: `|/api|task-${seq}`, state: 'pending' } as EntryInfo]));
  const asked: string[] = [];
  let gate = Promise.resolve();
  const target = new EventTarget();
  const answer = async <T>(call: string, value: () => T): Promise<T> => {
    asked.push(call);
    const found = structuredClone(value());
    await gate;
    return found;
  };
  const client = Object.assign(target, {
    status: () => answer('status', () => ({ waiting: outbox.size, dead: 0 })),
    entries: ({ limit: most = Infinity }) => answer('entries', () => [...outbox.values()].slice(0, most)),
    entry: (seq: number) => answer(`entry ${seq}`, () => outbox.get(seq) ?? null),
  }) as unknown as SyncClient;
  return {
    client,
    outbox,
    asked,
    tell: (type: string, seq: number) => target.dispatchEvent(new CustomEvent('event', { detail: { type, seq } })),
    changed: (seq: number | null) => target.dispatchEvent(new CustomEvent('changed', { detail: seq === null ? null : { seq } })),
    /** Answers wait until what's returned is called. */
    hold() {
      let go = () => {};
      gate = new Promise((resolve) => (go = resolve));
      return go;
    },
  };
}
