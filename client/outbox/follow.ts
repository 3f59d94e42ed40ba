import type { EntryInfo } from '../../sw/protocol/api.js';
import type { SyncEvent } from '../../sw/protocol/events.js';
import type { SyncClient } from '../sync-client.js';
import { NOTHING, type OutboxSnapshot } from './snapshot.js';

export interface OutboxOptions {
  client: Pick<SyncClient, 'status' | 'entries' | 'entry' | 'addEventListener'>;
  signal: AbortSignal;
  /** Called after each change, and after events that have changed nothing. The view is the same object where nothing has changed. */
  changed(view: OutboxSnapshot, events: readonly SyncEvent[]): void;
  /** What is shown until the worker has answered. @default nothing */
  from?: OutboxSnapshot;
  /** How many entries are shown at the most. @default all */
  limit?: number;
}

const PAGE = 500;

/** Events that come together are looked after together, in milliseconds. */
const BATCH_MS = 150;

/** The earlier object where nothing has changed, as whoever shows the outbox goes by identity. */
const kept = <Value>(before: Value, now: Value): Value => (before === now || JSON.stringify(before) === JSON.stringify(now) ? before : now);

/** So many entries are asked for one by one; more are had sooner by pages. */
const FEW = 20;

/** What changes how every entry stands, though nothing is told of each. */
const WIDE: ReadonlySet<string> = new Set(['held', 'released', 'parked', 'paused', 'resumed', 'online', 'offline', 'resolved']);

/**
 * Follows an outbox: all of it by pages at first, and by its events from then on. What is delivered goes
 * without a question; of what is touched otherwise the entry alone is asked for.
 */
export function followOutbox({ client, signal, changed, from = NOTHING, limit = Infinity }: OutboxOptions): void {
  const entries = new Map<number, EntryInfo>();
  let view = from;
  let heard: SyncEvent[] = [];
  let touched = new Set<number>();
  let all = true;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let looking = false;

  const show = (changes: Partial<OutboxSnapshot>) => {
    const events = heard;
    heard = [];
    const isNews = Object.entries(changes).some(([name, value]) => view[name as keyof OutboxSnapshot] !== value);
    if (isNews) view = { ...view, ...changes };
    if (!signal.aborted && (isNews || events.length > 0)) changed(view, events);
  };
  // Out of order is what was asked for by itself and is new here.
  const inOrder = (): readonly EntryInfo[] => {
    for (const entry of view.entries) {
      const now = entries.get(entry.seq);
      if (now) entries.set(entry.seq, kept(entry, now));
    }
    const sorted = [...entries.values()].sort((a, b) => a.seq - b.seq);
    const isSame = sorted.length === view.entries.length && sorted.every((entry, at) => entry === view.entries[at]);
    return isSame ? view.entries : sorted;
  };

  async function loadAll(): Promise<void> {
    const found = new Map<number, EntryInfo>();
    for (let after = 0; found.size < limit; ) {
      const page = await client.entries({ after, limit: Math.min(PAGE, limit - found.size) });
      if (signal.aborted) return;
      for (const entry of page) found.set(entry.seq, entry);
      after = page.at(-1)?.seq ?? after;
      // The first page is worth showing at once.
      if (!view.loaded) {
        for (const entry of page) entries.set(entry.seq, entry);
        show({ entries: inOrder(), loaded: true });
      }
      if (page.length < PAGE) break;
    }
    entries.clear();
    for (const [seq, entry] of found) entries.set(seq, entry);
  }

  async function loadTouched(seqs: ReadonlySet<number>): Promise<void> {
    const found = await Promise.all([...seqs].map(async (seq) => [seq, await client.entry(seq)] as const));
    for (const [seq, entry] of found) {
      if (entry) entries.set(seq, entry);
      else entries.delete(seq);
    }
  }

  async function look(): Promise<void> {
    if (looking || signal.aborted) return;
    looking = true;
    const seqs = touched;
    const wide = all || seqs.size > FEW;
    touched = new Set();
    all = false;
    try {
      // With it the elements have something to show; the entries may be many.
      if (!view.status) show({ status: await client.status() });
      const [status] = await Promise.all([client.status(), wide ? loadAll() : loadTouched(seqs)]);
      // Of more than are shown, some came into view.
      if (!wide && entries.size < Math.min(limit, status.waiting + status.dead)) all = true;
      show({ status: kept(view.status, status), entries: inOrder(), loaded: true, error: null });
    } catch (error) {
      // Asked for again with the next event; what is shown stays.
      all = true;
      show({ error });
    }
    looking = false;
    if (touched.size > 0 || (all && !view.error)) plan();
  }

  const plan = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      void look();
    }, BATCH_MS);
  };

  client.addEventListener(
    'event',
    ({ detail: event }) => {
      heard.push(event);
      if (WIDE.has(event.type)) all = true;
      else if (event.type === 'delivered' || event.type === 'cancelled') {
        entries.delete(event.seq);
        // It may be being asked for at this moment, and come back as it was.
        if (looking) touched.add(event.seq);
        else touched.delete(event.seq);
      } else if ('seq' in event) touched.add(event.seq);
      plan();
    },
    { signal },
  );
  client.addEventListener(
    'changed',
    ({ detail }) => {
      if (detail) touched.add(detail.seq);
      else all = true;
      plan();
    },
    { signal },
  );
  signal.addEventListener('abort', () => clearTimeout(timer));
  void look();
}
