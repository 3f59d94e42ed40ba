import { asSent, type EntryRecord } from '../../policy/entry-record.js';
import { ETAG_NOTES, etagName, followedEtag, noteDelivery, versioned, type EtagNote } from '../../policy/etags.js';
import type { FinalAnswer } from '../../policy/settlement.js';
import type { EtagChange, Ports } from '../../ports.js';
import type { Backend } from '../backend/backend.js';

/** The versions that our own deliveries have left behind, for backends with `etags: 'follow'`. */
export interface Etags {
  /** The `If-Match` in place of an entry's own; null where the entry's own goes out. */
  followed(backend: Backend, entry: EntryRecord): Promise<string | null>;
  /** Notes a delivery. Returns the changes to be written with it. @param sent the `If-Match` that went out */
  delivered(backend: Backend, entry: EntryRecord, sent: string | null, answer: FinalAnswer): Promise<EtagChange[]>;
}

export function createEtags({ clock, outbox }: Pick<Ports, 'clock' | 'outbox'>): Etags {
  /**
   * The notes of each backend by name, the oldest first, as they are on disk. Only the worker that drains reads and changes them. What a purge has
   * taken from the disk stays here while the worker lives: it's what our deliveries have left there, and counts for what that user made before alone.
   */
  const known = new WeakMap<Backend, Map<string, EtagNote>>();

  async function notesOf(backend: Backend): Promise<Map<string, EtagNote>> {
    const notes = known.get(backend) ?? new Map((await outbox.etags(backend.config.key)).sort((a, b) => a.at - b.at).map((note) => [etagName(note), note]));
    known.set(backend, notes);
    return notes;
  }

  return {
    async followed(backend, entry) {
      if (entry.request.headers['if-match'] === undefined) return null;
      return followedEtag(entry, (await notesOf(backend)).get(etagName(versioned(entry))));
    },
    async delivered(backend, delivered, sent, answer) {
      const entry = asSent(delivered);
      const notes = await notesOf(backend);
      const name = etagName(versioned(entry));
      const before = notes.get(name);
      const note = noteDelivery(entry, sent, answer, before, clock.now());
      if (!note && !before) return [];
      notes.delete(name);
      if (!note) return [{ name, note }];
      notes.set(name, note);
      const [oldest = name] = notes.keys();
      if (notes.size <= ETAG_NOTES) return [{ name, note }];
      notes.delete(oldest);
      return [{ name, note }, { name: oldest, note: null }];
    },
  };
}
