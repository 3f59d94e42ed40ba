import type { DeadReason, HoldReason, SyncEvent, WaitReason } from './events.js';

/**
 * How an entry stands. `sending`, `held`, `parked` and `paused` are derived from the gates at the
 * moment of asking; on disk an entry is either `pending` or `dead`.
 */
export type EntryState = 'pending' | 'sending' | 'held' | 'parked' | 'paused' | 'dead';

/** The last thing a server said to an entry. */
export interface LastAnswer {
  status: number;
  /** By lower-case name, with their secrets masked. */
  headers: Record<string, string>;
  /** When it came, in milliseconds since the epoch. */
  at: number;
}

/** One send of an entry that came to its end without delivering it. */
export interface Attempt {
  /** When it ended. */
  at: number;
  /** Null where nobody answered. */
  status: number | null;
  reason: WaitReason | DeadReason;
}

/** One entry of the outbox as a person may see it: no body, and no secret in its headers or its URL. */
export interface EntryInfo {
  /** The task id: chosen by the page (`Holdfast-Id`) or generated. */
  id: string;
  /** The checkpoint key `namespace|base URL|task id`. */
  key: string;
  /** Its place in the order of capture. Unique for ever. */
  seq: number;
  /** The backend's, absolute. */
  baseUrl: string;
  /** '' where none was given. */
  namespace: string;
  lane: string;
  /** Whose it is; null where that isn't known. It's sent as this user only. */
  owner: string | null;
  state: EntryState;
  /** Why it waits, or why it's a dead letter. */
  reason: WaitReason | DeadReason | HoldReason;
  /** Since when it has been waiting for this reason. */
  since: number;
  method: string;
  /** With its secrets masked; the worker's own hooks get it whole. */
  url: string;
  /** By lower-case name, with their secrets masked. */
  headers: Record<string, string>;
  /** In bytes. */
  bodySize: number;
  /** When the page made the request, in milliseconds since the epoch. */
  capturedAt: number;
  /** All sends so far, the first one by the page included. */
  sends: number;
  /** Retries spent of the budget. */
  retries: number;
  /** The earliest next send, in milliseconds since the epoch. In the past: as soon as its gates are open. */
  notBefore: number;
  /** The same on every send; null where `idempotencyKey: false` gave it none. */
  idempotencyKey: string | null;
  /** Null where nobody has answered yet. */
  lastAnswer: LastAnswer | null;
  /** The last 20 of its sends, the oldest first. */
  attempts: Attempt[];
}

/** An entry's body as it's stored, or its beginning. It may hold secrets: mask them before anybody sees it. */
export interface EntryBody {
  /** As the request's header has it; null without one. */
  contentType: string | null;
  /** Of the whole body, in bytes. */
  size: number;
  bytes: ArrayBuffer;
  /** True when `bytes` is its beginning only. */
  truncated: boolean;
}

/** How much of a body to read. */
export interface BodyRange {
  /** How much of it to read, in bytes. @default 65536 */
  maxBytes?: number;
}

/** What to change of a dead letter. What's left out stays as it is. */
export interface EntryPatch {
  /** By name; null takes one away. Neither `Authorization` nor what the browser sets by itself can be set. */
  headers?: Record<string, string | null>;
  /** The whole new body: text, bytes, or a plain object or array to be sent as JSON. Null for none. */
  body?: string | ArrayBuffer | ArrayBufferView<ArrayBuffer> | readonly unknown[] | Record<string, unknown> | null;
}

/**
 * What an entry is named by: its task id, its checkpoint key, or its `seq`. An id or a key may be used again
 * while a dead letter still has it, and then names the newest; a `seq` names one entry for ever.
 */
export type Reference = string | number;

/** Which entries to list. Every field narrows the list. */
export interface EntryFilter {
  state?: EntryState;
  baseUrl?: string;
  namespace?: string;
  lane?: string;
  /** Only entries captured after this `seq`: the next page. */
  after?: number;
  /** At most so many. @default 1000 */
  limit?: number;
}

/** The final answer to an entry. Kept for 24 hours, a reload included. */
export interface Settlement {
  id: string;
  key: string;
  seq: number;
  /** `failed`: it's a dead letter. */
  state: 'delivered' | 'failed' | 'cancelled';
  /** Why it failed; else null. */
  reason: DeadReason | null;
  /** Null where no server answered. */
  status: number | null;
  /** The answer's, by lower-case name. */
  headers: Record<string, string>;
  /** The answer's body, its first MiB at most. Null where there was none. */
  body: ArrayBuffer | null;
  /** True when the body was longer than what is kept. */
  truncated: boolean;
  /** True when it was a batch, and a part of it was refused for want of a good token (`auth.bodyErrors`). */
  partial?: true;
  /** When it was settled, in milliseconds since the epoch. */
  at: number;
}

/** A closed auth gate. */
export interface HoldInfo {
  /** Whose entries wait; null where the owner isn't known. */
  owner: string | null;
  reason: HoldReason;
  /** In milliseconds since the epoch. */
  since: number;
}

/** How one backend stands. */
export interface BackendStatus {
  /** Absolute. */
  baseUrl: string;
  /** '' where none was given. */
  namespace: string;
  /** Entries that wait, the held and the parked included. */
  waiting: number;
  /** Dead letters. */
  dead: number;
  /** Requests on the wire, a page's first sends included. */
  sending: number;
  /** By owner: at most one for each. */
  holds: HoldInfo[];
  /** When the last token is over, as it says itself, by this device's clock. Null without one, or when it doesn't say. */
  tokenExpiresAt: number | null;
  /** What `configure` and the remote configuration leave of it. */
  autoRetry: boolean;
  offlineMode: boolean;
  /** `open`: it doesn't answer, and is left alone until a probe is due; `half-open`: that is due. */
  circuit: 'closed' | 'open' | 'half-open';
  /** The earliest next send of anything here, in milliseconds since the epoch; null when nothing waits for a time. */
  nextAttemptAt: number | null;
}

/** What the browser says of this origin's storage; null where it doesn't say. */
export interface StorageStatus {
  /** It's kept until the user clears it; false: a browser that's short of room may evict it. */
  persisted: boolean | null;
  /** Bytes in use by the origin, as the browser reckons them. */
  usage: number | null;
  /** Bytes that the origin may use. */
  quota: number | null;
}

/** How everything stands; the numbers are sums over the backends. */
export interface SyncStatus {
  /** As `install` was given it, for `describeEvent`; null: the page's own language. */
  locale: string | null;
  /** What the browser says: a server that's down doesn't make it false. */
  online: boolean;
  /** By `pause()`. */
  paused: boolean;
  waiting: number;
  dead: number;
  sending: number;
  /** In the order in which `install` was given them. */
  backends: BackendStatus[];
  /** The earliest of the backends'. */
  nextAttemptAt: number | null;
  storage: StorageStatus;
}

/** For which backends a token is. */
export interface TokenTarget {
  /**
   * The backend's base URL as configured, absolute or relative. When it's left out, the token is for all
   * backends, which must be at one origin then: a token isn't to be shown to another.
   */
  baseUrl?: string;
  /** @default every namespace of the base URL */
  namespace?: string;
  /** The Authorization scheme; '' for a bare key. @default 'Bearer' */
  scheme?: string;
}

/** What a token did. */
export type TokenResult =
  /** It ended a hold. */
  | 'released'
  /** Nothing waited for it; it's the live one now. */
  | 'stored'
  /** It was kept for its own user, and what waits belongs to another. */
  | 'other-owner'
  /** It's the one that was refused. */
  | 'ignored: same-token'
  /** By its own `exp`. */
  | 'ignored: expired'
  /** Null, or nothing but white space. */
  | 'ignored: blank';

/** What a sign-out does with what waits. */
export interface SignOutOptions {
  /**
   * Remove what the user who signs out still has here, dead letters too, instead of parking it. What
   * another user has waiting stays, and so does what is marked `Holdfast-Auth: none`. @default false
   */
  purge?: boolean;
}

/** What can be switched while the worker runs. What's left out stays as it is; null goes back to what `install` said. */
export interface Configuration {
  /** `false`: a JWT 401 is a failure like any other from now on. A hold that's there waits for its token all the same. */
  autoRetry?: boolean | null;
  /** `false`: nothing is captured any more. What is stored is still delivered. */
  offlineMode?: boolean | null;
}

/** What asks for a drain. */
export type WakeReason = 'online' | 'offline' | 'visible' | 'pageshow' | 'due' | 'connect';

/**
 * The calls between page and worker, by Comlink. Every one of them is safe to repeat: a page that
 * hears no answer asks again, as a stopped worker may have swallowed the first message.
 *
 * A task id that's waiting at two backends needs the key, else the call fails with `AmbiguousReferenceError`.
 */
export interface SyncApi {
  /** A fresh token, without its scheme: it replaces the live one, and ends the hold of its user. */
  provideToken(token: string | null | undefined, target?: TokenTarget): Promise<TokenResult>;
  /** For sessions by cookie: this user is signed in now. Kept across restarts. */
  signIn(user: string): Promise<void>;
  /** Closes every backend's auth gate, forgets its token, and parks what waits for one, or purges it. */
  signOut(options?: SignOutOptions): Promise<void>;
  /** Kept across restarts, and counts for a drain that's under way. */
  configure(configuration: Configuration): Promise<void>;
  status(): Promise<SyncStatus>;
  /** In the order of capture. */
  entries(filter?: EntryFilter): Promise<EntryInfo[]>;
  /** Null when there's none, as when it's delivered. */
  entry(reference: Reference): Promise<EntryInfo | null>;
  /** The final answer, or null while there's none. */
  settled(reference: Reference): Promise<Settlement | null>;
  /** Sends a dead letter again, at its old place in the lane. False when there's no such dead letter. */
  retry(reference: Reference): Promise<boolean>;
  /** Ends a waiting or flying entry. False when there's none. */
  cancel(reference: Reference): Promise<boolean>;
  /** Removes a dead letter. False when there's none. */
  discard(reference: Reference): Promise<boolean>;
  /** ConnectivityNews a dead letter's request; it stays a dead letter. False when there's none. */
  edit(reference: Reference, patch: EntryPatch): Promise<boolean>;
  /** An entry's body; null when there's no such entry, or it has none. */
  body(reference: Reference, range?: BodyRange): Promise<EntryBody | null>;
  /** Stops replay until `resume`, a restart included. What is captured is still stored. */
  pause(): Promise<void>;
  /** Ends `pause`, and drains. */
  resume(): Promise<void>;
  /** Drains now: backoffs are cut short, a server's `Retry-After` and the holds are not. */
  replay(): Promise<void>;
  /** The last events, the oldest first. */
  journal(): Promise<SyncEvent[]>;
  /** A page has seen something that may let a drain go on. */
  wake(reason: WakeReason): Promise<void>;
  /** What was saved last under a checkpoint key, by whatever tab; null when nothing was, or it was cleared. */
  checkpoint(key: string): Promise<string | null>;
  /** On disk when it resolves. */
  saveCheckpoint(key: string, value: string): Promise<void>;
  /** Gone from disk when it resolves. */
  clearCheckpoint(key: string): Promise<void>;
}

/** Every name a page may call: the door checks against this list. */
export const API_CALLS = [
  'provideToken',
  'signIn',
  'signOut',
  'configure',
  'status',
  'entries',
  'entry',
  'settled',
  'retry',
  'cancel',
  'discard',
  'edit',
  'body',
  'pause',
  'resume',
  'replay',
  'journal',
  'wake',
  'checkpoint',
  'saveCheckpoint',
  'clearCheckpoint',
] as const satisfies readonly (keyof SyncApi)[];
