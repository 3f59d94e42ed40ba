/**
 * What the pipeline needs of the world. `store` and `platform` fill these in for the browser; the
 * composition root (`install.ts`) is the one place where they meet.
 */
import type { Reference, Settlement, StorageStatus } from './protocol/api.js';
import type { ChangeNote, SyncEvent, TokenNote } from './protocol/events.js';
import type { BackendRecord, Settings } from './policy/backend-record.js';
import type { Decision, KeptSettlement } from './policy/entry.js';
import type { EntryRecord, StoredRequest, Turn } from './policy/entry-record.js';

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `task` once, `ms` from now. Gives the way to stop it. */
  after(ms: number, task: () => void): () => void;
}

/** A fetch event, apart from its request. */
export interface FetchContext {
  /** The page that asks, '' where there's none. */
  clientId: string;
  /** Resolves when the answer has been handed over. Never rejects. */
  handled: Promise<void>;
  /** Keeps the worker alive until the promise is settled. */
  waitUntil(work: Promise<unknown>): void;
}

export interface Chance {
  /** In [0, 1). For jitter. */
  fraction(): number;
  /** Unguessable bytes. For ids. */
  bytes(count: number): Uint8Array;
  /** For keys that only have to be unique. */
  uuid(): string;
}

/** One send. Rejects as `fetch` does, and with the signal's reason when aborted. */
export type Send = (request: Request, signal: AbortSignal) => Promise<Response>;

export interface Locks {
  /**
   * Runs `work` while no other worker or tab of this origin holds the lock of that name. The lock of
   * a holder that dies is free again.
   */
  exclusive<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Takes the lock for as long as this worker lives. */
  keep(name: string): void;
  /** Whether somebody alive holds it. */
  isHeld(name: string): Promise<boolean>;
  /** The names of all that are held by somebody alive and begin so. */
  held(prefix: string): Promise<string[]>;
  /** Whether it's free, or gets free within `ms`: a lock outlives its holder by a moment. */
  getsFree(name: string, ms: number): Promise<boolean>;
}

/** A new entry: the database adds its place in line. */
export type Draft = Omit<EntryRecord, 'seq' | 'turn'> & { turn: Turn };

/** A request's body on disk. Large ones are Blobs, which the browser keeps out of the worker's memory. */
export type Body = ArrayBuffer | Blob;

/** How much of one backend may lie on disk. */
export interface Limits {
  maxEntries: number;
  /** Of all bodies together. */
  maxBytes: number;
}

export interface CaptureOrder {
  draft: Draft;
  body: Body | null;
  limits: Limits;
  /** Its id was made up for it, so that nothing can wait under its key. @default false */
  isNewId?: boolean;
  /** What to do when an entry with the same key waits: refuse, or take its place in line. */
  whenWaiting: 'refuse' | 'replace';
  /** An entry on the wire isn't replaced: the new one queues behind it. So it is with every first send, of whatever worker. */
  isInFlight(seq: number): boolean;
  /**
   * What to make of the new entry in the same transaction; left out, or null: nothing. Must be pure. Called twice: first with
   * the `seq` 0, then with the real one. The stored fields must be the same both times.
   */
  decide?(entry: EntryRecord): Decision | null;
  /** Called with the `seq` before anybody can read the entry from the disk. */
  placed?(seq: number): void;
  backend?: BackendRecord;
}

export type CaptureResult =
  | { kind: 'stored'; decision: Decision; seq: number; /** It took a waiting entry's place. */ replaced: boolean }
  | { kind: 'refused'; waiting: EntryRecord }
  | { kind: 'full'; limit: keyof Limits };

/** One decision: what changes together, in one transaction. */
export interface Commit {
  seq?: number;
  /** Sees the entry as it lies on disk now. Null for no change. Must be quick and pure. */
  decide?(entry: EntryRecord): Decision | null;
  /** The new body of an entry that `decide` keeps; null for none. Left out, it stays. */
  body?: Body | null;
  backend?: BackendRecord;
  settings?: Settings;
  events?: SyncEvent[];
}

/** A decision about many entries at once, and what changes with it: one transaction. */
export interface Sweep {
  backend: BackendRecord;
  events: SyncEvent[];
  /** Sees each of the backend's entries, dead letters included. Null for no change. Must be quick and pure. */
  decide(entry: EntryRecord): Decision | null;
  /** Forgets the answers to the backend's entries of this owner, and to those of nobody known; and its journal. */
  forget: string | null;
}

export interface OutboxStart {
  backends: BackendRecord[];
  settings: Settings;
  /** What is next in each turn in which anything is in line. */
  heads: { seq: number; turn: Turn }[];
}

/** Fetch events that have no answer yet, as far as the disk knows. */
export interface Open {
  /** The entries of such events. */
  entries: EntryRecord[];
  /** The answers of such events. */
  settlements: KeptSettlement[];
}

/** One request under the `seq` of an entry. */
export type Requested = Pick<EntryRecord, 'seq' | 'requestId'>;

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
 * Must keep who is signed in, as a backend's record with a higher `epoch` has it, when one with a lower is written.
 * Must keep the newest answer of a backend's `remoteConfig`, when a record with an older one, or none, is written.
 * Must never let one damaged record make a listing throw.
 * Must commit writes that come together in one transaction, where it can.
 */
export interface Outbox {
  start(): Promise<OutboxStart>;
  capture(order: CaptureOrder): Promise<CaptureResult>;
  /** Null when the entry isn't there any more, or `decide` wanted no change. */
  commit(commit: Commit): Promise<Decision | null>;
  /** Gives the decisions that were made. */
  sweep(sweep: Sweep): Promise<Decision[]>;
  /** The first entry of each turn: what is next, without reading the queue. */
  heads(): Promise<EntryRecord[]>;
  /**
   * The entry as it lies on disk now, with its body; null when it isn't there any more. With its turn given, what
   * stands behind it there too, or null where it isn't the first.
   */
  load(seq: number, turn?: Turn): Promise<{ entry: EntryRecord; body: Body | null; behind: EntryRecord | null } | null>;
  /** The entries under the reference, in the order of capture. */
  find(reference: Reference): Promise<EntryRecord[]>;
  /** In the order of capture. Reads no body. */
  list(range: EntryRange): Promise<EntryRecord[]>;
  counts(backend: string): Promise<{ pending: number; dead: number }>;
  /** The newest settlement under the reference, and the request that it's the answer to. */
  settlement(reference: Reference): Promise<Pick<KeptSettlement, keyof Settlement | 'requestId'> | null>;
  open(): Promise<Open>;
  /** The fetch events of these requests have their answers. What has taken a request's place has an event of its own. */
  answered(requests: readonly Requested[]): Promise<void>;
  /** Forgets settlements older than `before`. */
  forgetSettlements(before: number): Promise<void>;
  journal(): Promise<SyncEvent[]>;
}

/**
 * Small durable progress under a checkpoint key: a stream's last event id, for one.
 *
 * Must give null for a key that was never saved, or was cleared.
 * Must not mind clearing a key that isn't there.
 */
export interface Checkpoints {
  load(key: string): Promise<string | null>;
  save(key: string, value: string): Promise<void>;
  clear(key: string): Promise<void>;
}

/** A request in the queue of another library. */
export interface OldRow {
  /** Unique in the queue's database, and never given out again. */
  id: number;
  /** When it was put there, in milliseconds since the epoch. */
  at: number;
  /** Its method and URL, for messages. */
  what: string;
  /** Throws when it can't be made one again. */
  request(): Request;
}

/** The queue of another library, to take over what it still owes. */
export interface OldQueue {
  /** In the order in which they came. */
  rows(): Promise<OldRow[]>;
  /** Removes them in one transaction. Gives those that were still there. */
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
  /** A short digest, to know a refused token by, or a request, without keeping it. */
  digest(content: string | ArrayBuffer): Promise<string>;
  locks: Locks;
  outbox: Outbox;
  checkpoints: Checkpoints;
  /** Tells every tab. Must not throw. */
  broadcast(event: SyncEvent | TokenNote | ChangeNote): void;
  isOnline(): boolean;
  /** Must not reject. */
  storage(): Promise<StorageStatus>;
  /** This worker is the active one; an installing or a waiting one doesn't drain. */
  isActive(): boolean;
  /** Asks the browser to wake the worker when the network is back, where it can. Must not throw. */
  askForWakeUp(): void;
  log: Pick<Console, 'info' | 'warn' | 'error'>;
}
