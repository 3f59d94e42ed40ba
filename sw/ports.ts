/**
 * The interfaces by which the pipeline reaches the world. `store` and `platform` implement them for the
 * browser; the composition root (`install.ts`) puts both together.
 */
import type { Reference, Settlement, StorageStatus } from './protocol/api.js';
import type { ChangeNote, SyncEvent, TokenNote } from './protocol/events.js';
import type { BackendRecord, Settings } from './policy/backend-record.js';
import type { Decision } from './policy/entry-decision.js';
import type { EntryRecord, StoredRequest, Turn } from './policy/entry-record.js';
import type { EtagNote } from './policy/etags.js';
import type { GivenId, Provider } from './policy/given-ids.js';
import type { KeptSettlement, Remainder } from './policy/settlement.js';

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `task` once, `ms` from now. Returns a function that stops the timer. */
  after(ms: number, task: () => void): () => void;
}

/** A fetch event, apart from its request. */
export interface FetchContext {
  /** The id of the page that asks, '' where there's none. */
  clientId: string;
  /** Resolves when the answer has been handed over. Never rejects. */
  handled: Promise<void>;
  /** Keeps the worker alive until the promise is settled. */
  waitUntil(work: Promise<unknown>): void;
}

export interface Chance {
  /** A random number in [0, 1), for jitter. */
  fraction(): number;
  /** Unguessable bytes, for ids. */
  bytes(count: number): Uint8Array;
  /** A UUID, for keys that only have to be unique. */
  uuid(): string;
}

/**
 * One send. Rejects as `fetch` does, and with the signal's reason when aborted; with a `ForbiddenError` where the
 * worker's own policy forbids the request. Without a signal the request goes out as it is.
 */
export type Send = (request: Request, signal?: AbortSignal) => Promise<Response>;

export interface Locks {
  /**
   * Runs `work` while no other worker or tab of this origin holds the named lock. The lock of
   * a holder that dies is free again.
   */
  exclusive<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Takes the named lock for as long as this worker lives. */
  keep(name: string): void;
  /** Whether anybody alive holds the named lock. */
  isHeld(name: string): Promise<boolean>;
  /** The names, with this prefix, of all locks that anybody alive holds. */
  held(prefix: string): Promise<string[]>;
  /** Whether the named lock is free, or gets free within `ms`: a lock outlives its holder by a moment. */
  getsFree(name: string, ms: number): Promise<boolean>;
}

/** A new entry; the database adds its `seq`. */
export type Draft = Omit<EntryRecord, 'seq' | 'turn'> & { turn: Turn };

/** A request's body on disk. Large ones are Blobs, which the browser keeps out of the worker's memory. */
export type Body = ArrayBuffer | Blob;

/** How much one backend may have on disk. */
export interface Limits {
  maxEntries: number;
  /** Bytes of all bodies together. */
  maxBytes: number;
}

export interface CaptureOrder {
  draft: Draft;
  body: Body | null;
  limits: Limits;
  /** The entry's id was generated, so that nothing can wait under its key. @default false */
  isNewId?: boolean;
  /** The effect when an entry with the same key waits: the new entry is refused, or takes its place in line. */
  whenWaiting: 'refuse' | 'replace';
  /** Whether an entry is on the wire: a new entry queues behind it instead of replacing it. First sends of any worker aren't replaced either. */
  isInFlight(seq: number): boolean;
  /**
   * The decision about the new entry, in the same transaction; left out, or null: no change. Must be pure. Called twice:
   * first with `seq` 0, then with the real `seq`. The stored fields must be the same both times.
   */
  decide?(entry: EntryRecord): Decision | null;
  /**
   * Decides about the new request and the last entry of its lane as one; null where each stays by itself. Left out: all do. Must be
   * pure, as it may be called twice. A promise isn't awaited, but given back.
   */
  coalesce?(last: EntryRecord, body: Body | null): Coalescence | null | Promise<unknown>;
  /** Called with the `seq` before anybody can read the entry from the disk. */
  placed?(seq: number): void;
  backend?: BackendRecord;
}

/** What becomes of a new request and the last entry of its lane. */
export interface Coalescence {
  decision: Decision;
  /** The body of the entry that stays. */
  body: Body | null;
}

export type CaptureResult =
  | { kind: 'stored'; decision: Decision; seq: number; /** The new entry took a waiting entry's place. */ replaced: boolean; /** The request that waited, where the new one was coalesced with it. */ of?: string }
  /** Neither the new request nor the entry that it was coalesced with is there any more. */
  | { kind: 'gone'; decision: Decision; seq: number }
  /** Nothing is stored: `coalesce` has yet to say what becomes of the request and this entry. */
  | { kind: 'asked'; last: EntryRecord; answer: Promise<unknown> }
  | { kind: 'refused'; waiting: EntryRecord }
  | { kind: 'full'; limit: keyof Limits };

/** A change of what our own deliveries have left behind of versions. */
export interface EtagChange {
  /** Names the owner and the URL. */
  name: string;
  /** Null removes it. */
  note: EtagNote | null;
}

/** The changes of one decision: one transaction. */
export interface Commit {
  seq?: number;
  /** Called with the entry as it's on disk now. Null for no change. Must be quick and pure. */
  decide?(entry: EntryRecord): Decision | null;
  /** The new body of an entry that `decide` keeps; null for none. Left out, the body stays. */
  body?: Body | null;
  backend?: BackendRecord;
  /** All of them but `paused`. */
  settings?: Settings;
  /** The end of a pause is written, and a pause is written by removing that: a full disk takes it. */
  paused?: boolean;
  events?: SyncEvent[];
  /** Of the backend. Written while the entry is there: a purge that has taken the entry has taken them, too. */
  etags?: readonly EtagChange[];
}

/** The changes of a decision about all entries of a backend: one transaction. */
export interface Sweep {
  backend: BackendRecord;
  events: SyncEvent[];
  /** Called with each of the backend's entries, dead letters included. Null for no change. Must be quick and pure. */
  decide(entry: EntryRecord): Decision | null;
  /** The owner whose settlements are removed, along with the settlements of unknown owners and the backend's journal. */
  forget: string | null;
}

export interface OutboxStart {
  backends: BackendRecord[];
  settings: Settings;
  /** The beginning of each turn: its first entries in line. */
  beginnings: { turn: Turn; seqs: number[] }[];
}

/** What the outbox holds at one moment. */
export interface Overview {
  /** The first entry of each turn. */
  heads: EntryRecord[];
  /** How many entries each of the backends has. Of `pending` and blocking dead letters, `parked` stand in turns that are parked. */
  counts: { pending: number; dead: number; parked: number }[];
  /** How many entries, dead letters included, belong to none of the backends. */
  orphans: number;
}

/** Fetch events that have no answer yet, as far as the disk knows. */
export interface Open {
  /** The entries of open fetch events. */
  entries: EntryRecord[];
  /** The settlements for open fetch events, and what stays of replaced requests whose events are open. */
  settlements: (KeptSettlement | Remainder)[];
}

/** A request, named by the `seq` of its entry and by its own id: a request that replaces another has the same `seq`. */
export interface Requested {
  seq: number | string;
  requestId?: string;
}

export interface EntryRange {
  after: number;
  limit: number;
}

/**
 * The durable list of requests still owed.
 *
 * Must resolve a write only when it's on disk.
 * Must apply one `Commit` or `CaptureOrder` whole or not at all.
 * Must give out each `seq` once, in the order of capture, even after the outbox was empty.
 * Must keep who is signed in by the backend record with the higher `epoch`, when a record with a lower `epoch` is written.
 * Must keep each owner's auth gate with the higher `generation`, when a record with a gate of a lower one is written.
 * Must keep the newest answer of a backend's `remoteConfig`, when a record with an older answer, or none, is written.
 * Must never let one damaged record make a listing throw.
 * Must commit writes that come together in one transaction, where it can.
 * Must reject a commit with settings or `paused` in a worker that an update has replaced.
 * Must carry out a decision's `given` and `dependents` in the decision's own transaction, and set its `followed`.
 */
export interface Outbox {
  /** @param count how many entries of each turn are named */
  start(count: number): Promise<OutboxStart>;
  /** Every entry that provides a temporary id, or has provided it. */
  providers(): Promise<Provider[]>;
  capture(order: CaptureOrder): Promise<CaptureResult>;
  /** Makes commits, of different entries, in their order and in one transaction. Null for an entry that isn't there any more, or that `decide` wanted unchanged. */
  commitAll(commits: readonly Commit[]): Promise<(Decision | null)[]>;
  /** Returns the decisions that were made. */
  sweep(sweep: Sweep): Promise<Decision[]>;
  /** The first entry of each turn, found without reading the queue. */
  heads(): Promise<EntryRecord[]>;
  /** The first `count` entries of each of the turns. */
  lots(turns: readonly Turn[], count: number): Promise<EntryRecord[][]>;
  /** The entry as it's on disk now, with its body; null when it isn't there any more. */
  load(seq: number): Promise<{ entry: EntryRecord; body: Body | null } | null>;
  /** The entries under the reference, in the order of capture. */
  find(reference: Reference): Promise<EntryRecord[]>;
  /** In the order of capture. Reads no body. */
  list(range: EntryRange): Promise<EntryRecord[]>;
  /** What all of it comes to, in one transaction. @param backends the keys of those that there are @param isParked whether what stands behind a head counts as parked */
  overview(backends: readonly string[], isParked: (head: EntryRecord) => boolean): Promise<Overview>;
  /** Makes what belongs to a backend's former key the backend's own. */
  takeOver(from: string, to: Pick<EntryRecord, 'key' | 'baseUrl'>): Promise<void>;
  /** The newest settlement under the reference, with the id of the request that it answers. */
  settlement(reference: Reference): Promise<Pick<KeptSettlement, keyof Settlement | 'requestId'> | null>;
  open(): Promise<Open>;
  /** Marks the fetch events of these requests as handled: their pages have their answers. A request that replaced another has an event of its own. */
  handled(requests: readonly Requested[]): Promise<void>;
  /**
   * As `handled`, along with the next write, or a moment later where there's none.
   *
   * @param known called when the write begins: the entry as it's on disk, where that's known without reading it
   */
  handledSoon(request: Requested, known: () => EntryRecord | null): Promise<void>;
  /** The notes of a backend's versions. */
  etags(backend: string): Promise<EtagNote[]>;
  /** Forgets settlements older than `before`. */
  forgetSettlements(before: number): Promise<void>;
  /** Writes an id that a page has told, and makes the decision about all entries that await it. */
  resolve(given: GivenId, dependents: NonNullable<Decision['dependents']>): Promise<Decision[]>;
  /** Forgets ids that were given before `before`, unless an entry awaits them: such an id is as good as given `now`. */
  forgetIds(before: number, now: number): Promise<void>;
  journal(): Promise<SyncEvent[]>;
}

/**
 * Small durable progress under a checkpoint key: a stream's last event id, for one.
 *
 * Must give null for a key that was never saved, or was cleared.
 * Must not mind clearing a key that isn't there.
 * Must reject a change in a worker that an update has replaced, where the checkpoints are on disk.
 */
export interface Checkpoints {
  load(key: string): Promise<string | null>;
  save(key: string, value: string): Promise<void>;
  clear(key: string): Promise<void>;
}

/** A request in the queue of another library. */
export interface OldRow {
  /** Unique in the queue's database. One that was taken out may be put back under the same, or another. */
  id: number;
  /** When the row was added, in milliseconds since the epoch. */
  at: number;
  /** The request's method and URL, for messages. */
  what: string;
  /** Throws when the row can't be made a request again. */
  request(): Request;
}

/** The queue of another library, whose requests are to be taken over. */
export interface OldQueue {
  /** In the order in which they were added. */
  rows(): Promise<OldRow[]>;
  /** Removes the rows in one transaction. Returns the ids that were still there. */
  remove(ids: readonly number[]): Promise<ReadonlySet<number>>;
  close(): void;
}

/** Turns stored data into a request again. */
export type Restore = (request: StoredRequest, body: Body | null) => Request;

export interface Ports {
  clock: Clock;
  chance: Chance;
  send: Send;
  restore: Restore;
  /** A short digest by which a refused token, or a request, is recognised without keeping it. */
  digest(content: string | ArrayBuffer): Promise<string>;
  locks: Locks;
  outbox: Outbox;
  checkpoints: Checkpoints;
  /** Tells every tab. Must not throw. */
  broadcast(event: SyncEvent | TokenNote | ChangeNote): void;
  isOnline(): boolean;
  /** The value of a cookie that the worker sees; null for none, and where the browser shows a worker no cookies. Must not reject. */
  cookie(name: string): Promise<string | null>;
  /** Must not reject. */
  storage(): Promise<StorageStatus>;
  /** Whether this worker is the active one; an installing or waiting worker doesn't drain. */
  isActive(): boolean;
  /** Asks the browser to wake the worker when the network is back, where it can. Must not throw. */
  askForWakeUp(): void;
  log: Pick<Console, 'info' | 'warn' | 'error'>;
}
