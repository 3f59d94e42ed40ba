import type { DeadReason, HoldReason, SyncEvent, WaitReason } from './events.js';

/**
 * How an entry stands. `sending`, `held`, `parked`, `paused` and `orphaned` (its backend isn't configured any more) are derived
 * at the moment of asking; on disk an entry is either `pending` or `dead`.
 */
export type EntryState = 'pending' | 'sending' | 'held' | 'parked' | 'paused' | 'orphaned' | 'dead';

/** The last thing a server said to an entry. */
export interface LastAnswer {
  status: number;
  /** By lower-case name, with their secrets masked. */
  headers: Record<string, string>;
  /** When the answer came, in milliseconds since the epoch. */
  at: number;
}

/** One send of an entry that ended without delivering it. */
export interface Attempt {
  /** When the send ended, in milliseconds since the epoch. */
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
  /** The entry's place in the order of capture. Unique for ever. */
  seq: number;
  /** The backend's base URL, absolute. */
  baseUrl: string;
  /** '' where none was given. */
  namespace: string;
  lane: string;
  /** The user whose request it is; null where nobody knows. The entry is sent as this user only. */
  owner: string | null;
  state: EntryState;
  /** Why the entry waits, or why it's a dead letter. */
  reason: WaitReason | DeadReason | HoldReason;
  /** When this reason began, in milliseconds since the epoch. */
  since: number;
  method: string;
  /** The URL with its secrets masked; the worker's own hooks get it whole. */
  url: string;
  /** By lower-case name, with their secrets masked. */
  headers: Record<string, string>;
  /** The temporary id that the answer gives the real one for (`Holdfast-Provides`). Left out for none. */
  provides?: string;
  /** Size of the body in bytes. */
  bodySize: number;
  /** When the page made the request, in milliseconds since the epoch. */
  capturedAt: number;
  /** All sends so far, the first one by the page included. */
  sends: number;
  /** Retries spent of the budget. */
  retries: number;
  /** The earliest next send, in milliseconds since the epoch. A time in the past means: as soon as the gates are open. */
  notBefore: number;
  /**
   * The same on every send, but for a fresh one where the server has refused nothing but tokens under the old key, or a person
   * has asked for a fresh one; null where `idempotencyKey: false` gave it none.
   */
  idempotencyKey: string | null;
  /** True for a dead letter that the server may have acted on: a send had no answer, or a 408 or 5xx, or was still under way when last asked. */
  inDoubt?: true;
  /** Null where nobody has answered yet. */
  lastAnswer: LastAnswer | null;
  /** The last 20 sends of the entry, the oldest first. */
  attempts: Attempt[];
}

/** An entry's stored body, or the beginning of it. The body may hold secrets: mask them before anybody sees it. */
export interface EntryBody {
  /** The request's `Content-Type`; null without one. */
  contentType: string | null;
  /** Size of the whole body in bytes. */
  size: number;
  bytes: ArrayBuffer;
  /** True when `bytes` is the beginning of the body only. */
  truncated: boolean;
}

/** How much of a body to read. */
export interface BodyRange {
  /** How many bytes to read at most. @default 65536 */
  maxBytes?: number;
}

/** Changes to a dead letter. A field that's left out stays as it is. */
export interface EntryPatch {
  /** Headers by name; null removes a header. Neither `Authorization` nor a header that the browser sets by itself can be set. */
  headers?: Record<string, string | null>;
  /** The new URL, absolute or relative to the old one, under the backend's base URL. */
  url?: string;
  /** The whole new body: text, bytes, or a plain object or array to be sent as JSON. Null for none. */
  body?: string | ArrayBuffer | ArrayBufferView<ArrayBuffer> | readonly unknown[] | Record<string, unknown> | null;
}

/**
 * Names an entry, by its task id, its checkpoint key, or its `seq`. An id or a key may be used again while a
 * dead letter still has it, and then names the newest entry; a `seq` names one entry for ever.
 */
export type Reference = string | number;

/** Under which idempotency key a dead letter goes out again. */
export interface KeyOptions {
  /**
   * `true`: under a fresh key, as a new request, so that a server that has acted on an earlier send acts twice. An entry without a
   * key has none then either. @default false: under the same key, to which a server that has acted repeats its answer
   */
  newKey?: boolean;
}

/** Chooses the entries to list: every field narrows the list. */
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
  /** `failed`: the entry is a dead letter. */
  state: 'delivered' | 'failed' | 'cancelled';
  /** Why the entry failed; else null. */
  reason: DeadReason | null;
  /** Null where no server answered. */
  status: number | null;
  /** The answer's headers, by lower-case name. */
  headers: Record<string, string>;
  /** The answer's body, its first MiB at most. Null where there was none. */
  body: ArrayBuffer | null;
  /** True when the body was longer than the part that is kept. */
  truncated: boolean;
  /** True when redirects have led to the answer. */
  redirected?: true;
  /** The URL that redirects have led to. Left out where there were none. */
  url?: string;
  /** True when the request was a batch, and a part of it was refused for want of a good token (`auth.bodyErrors`). */
  partial?: true;
  /** True when the entry failed, and the server may have acted on a send all the same: see `EntryInfo`. */
  inDoubt?: true;
  /**
   * True when the server keeps this answer under the idempotency key, and has given it before: of a failure, so that asking again
   * is no use; of a delivery, when the entry was edited since, so that the edit was never seen.
   */
  replayed?: true;
  /** True when the entry was given up for the server's newer version, which `onConflict` preferred. The answer is the server's to the conflict. */
  conflict?: true;
  /** When the entry was settled, in milliseconds since the epoch. */
  at: number;
}

/** A closed auth gate. */
export interface HoldInfo {
  /** The owner whose entries wait; null where the owner isn't known. */
  owner: string | null;
  reason: HoldReason;
  /** When the gate closed, in milliseconds since the epoch. */
  since: number;
  /** The app's own cookie that carries the CSRF token (`auth.csrf.cookie`), for `csrf-expired`. */
  cookie?: string;
}

/** How one backend stands. */
export interface BackendStatus {
  /** The base URL, absolute. */
  baseUrl: string;
  /** '' where none was given. */
  namespace: string;
  /** Entries that wait, the held and the parked included. */
  waiting: number;
  /** The entries among `waiting` that aren't the signed-in user's: another user's, or those of the user who has signed out. */
  parked: number;
  /** An entry of the signed-in user, or of nobody in particular, waits for a fresh token or a live session. */
  needsSignIn: boolean;
  /** Dead letters. */
  dead: number;
  /** Requests on the wire, a page's first sends included. */
  sending: number;
  /** The closed auth gates: for each owner at most one for tokens, and one for the cookie session of the user who is signed in. */
  holds: HoldInfo[];
  /** When the last token expires by its own `exp`, in the time of this device's clock. Null without a token, or when the token doesn't say. */
  tokenExpiresAt: number | null;
  /** The setting in force, after `configure` and the remote configuration. */
  autoRetry: boolean;
  offlineMode: boolean;
  /** `open`: the backend doesn't answer, and is left alone until a probe is due; `half-open`: the probe is due. */
  circuit: 'closed' | 'open' | 'half-open';
  /** The earliest next send of anything here, in milliseconds since the epoch; null when nothing waits for a time. */
  nextAttemptAt: number | null;
}

/** The browser's report on this origin's storage; null where the browser doesn't say. */
export interface StorageStatus {
  /** True: the storage is kept until the user clears it; false: a browser that's short of room may evict it. */
  persisted: boolean | null;
  /** Bytes in use by the origin, by the browser's estimate. */
  usage: number | null;
  /** Bytes that the origin may use. */
  quota: number | null;
}

/** How everything stands; the numbers are sums over the backends. */
export interface SyncStatus {
  /** The version of Holdfast that the worker runs; a worker before 0.1.0 says none. */
  version: string;
  /** The `locale` that `install` was given, for `describeEvent`; null: the page's own language. */
  locale: string | null;
  /** The browser's `navigator.onLine`: a server that's down doesn't make it false. */
  online: boolean;
  /** Whether `pause()` has stopped replay. */
  paused: boolean;
  /** Entries that wait, the held and the parked included. */
  waiting: number;
  /** The entries among `waiting` that aren't the signed-in user's. They go out when their own user signs in. */
  parked: number;
  /** Whether the user has to sign in again before all of the user's own entries can go out. What is parked, and a sign-out, ask for nothing. */
  needsSignIn: boolean;
  dead: number;
  /** Entries and dead letters that belong to no configured backend any more, and aren't among those: see `formerly`. */
  orphans: number;
  sending: number;
  /** In the order in which `install` was given them. */
  backends: BackendStatus[];
  /** The earliest `nextAttemptAt` of the backends. */
  nextAttemptAt: number | null;
  storage: StorageStatus;
}

/** The backends that a token is for. */
export interface TokenTarget {
  /**
   * The backend's base URL as configured, absolute or relative. When it's left out, the token is for all
   * backends, which must be at one origin then: a token isn't to be shown to another origin.
   */
  baseUrl?: string;
  /** @default every namespace of the base URL */
  namespace?: string;
  /** The Authorization scheme by which the token comes; '' for a bare key. What waits is sent by its own scheme. @default 'Bearer' */
  scheme?: string;
}

/** The backend whose cookie session is meant. */
export interface SessionTarget {
  baseUrl: string;
  namespace: string;
}

/** What a page knows of its CSRF token. It stays in the worker's memory. */
export interface CsrfGiven {
  /** What `getCsrfToken` gave, or what's in `<meta name="csrf-token">`; null for neither. */
  token: string | null;
  /** Cookies that carry it, by name, as they are in `document.cookie`. */
  cookies: Record<string, string>;
}

/** The effect of a token. */
export type TokenResult =
  /** The token ended a hold. */
  | 'released'
  /** The token is the live one now; nothing waited for it. */
  | 'stored'
  /** The token was kept for its own user; the entries that wait belong to another. */
  | 'other-owner'
  /** The token changes nothing: it's the live one already, it was refused, or a sign-out has forgotten it. */
  | 'ignored: same-token'
  /** The token has expired, by its own `exp`. */
  | 'ignored: expired'
  /** The token is null, or nothing but white space. */
  | 'ignored: blank';

/** Options of a sign-out. */
export interface SignOutOptions {
  /**
   * Remove the entries of the user who signs out, dead letters too, instead of parking them. Entries of
   * another user stay, and so do entries marked `Holdfast-Auth: none`. @default false
   */
  purge?: boolean;
}

/** Switches that can be thrown while the worker runs. A field that's left out stays as it is; null goes back to the option of `install`. */
export interface Configuration {
  /** `false`: a JWT 401 is a failure like any other from now on. A hold that has begun waits for its token all the same. */
  autoRetry?: boolean | null;
  /** `false`: nothing is captured any more. Stored entries are still delivered. */
  offlineMode?: boolean | null;
}

/** Why a page asks for a drain. */
export type WakeReason = 'online' | 'offline' | 'visible' | 'pageshow' | 'due' | 'connect';

/**
 * The calls between page and worker, by Comlink. Every call is safe to repeat: a page that
 * hears no answer asks again, as a stopped worker may have swallowed the first message. A call that changes
 * something resolves when the change is on disk, and rejects when the change can't be written.
 *
 * An entry whose task id waits at two backends must be named by its key, else the call fails with `AmbiguousReferenceError`.
 */
export interface SyncApi {
  /**
   * A fresh token, without its scheme: it replaces the live one, and ends the hold of its user.
   *
   * @param isAgain an earlier worker was given this token: it's taken only if it was the last one of that worker, and this worker has none
   */
  provideToken(token: string | null | undefined, target?: TokenTarget, isAgain?: boolean): Promise<TokenResult>;
  /** For sessions by cookie: this user is signed in now, or somebody is. Ends the hold of that session. A user is kept across restarts. */
  signIn(user?: string): Promise<void>;
  /** A backend's cookie session is live again; or, with `csrf`, what a page knows of its CSRF token. Signs nobody in. */
  renew(target: SessionTarget, csrf?: CsrfGiven): Promise<TokenResult>;
  /** Closes every backend's auth gate, forgets its token, and parks, or purges, the entries that wait for a token. */
  signOut(options?: SignOutOptions): Promise<void>;
  /** Changes the settings: kept across restarts, and in force for a drain that's under way. */
  configure(configuration: Configuration): Promise<void>;
  status(): Promise<SyncStatus>;
  /** In the order of capture. */
  entries(filter?: EntryFilter): Promise<EntryInfo[]>;
  /** Null when there's no such entry, as when it's delivered. */
  entry(reference: Reference): Promise<EntryInfo | null>;
  /** The final answer, or null while there's none. */
  settled(reference: Reference): Promise<Settlement | null>;
  /** Sends a dead letter again, at its old place in the lane. False when there's no such dead letter. */
  retry(reference: Reference, options?: KeyOptions): Promise<boolean>;
  /** Ends an entry that waits or is on the wire. False when there's no such entry. */
  cancel(reference: Reference): Promise<boolean>;
  /** Removes a dead letter. False when there's no such dead letter. */
  discard(reference: Reference): Promise<boolean>;
  /** Changes a dead letter's request; it stays a dead letter. False when there's no such dead letter. */
  edit(reference: Reference, patch: EntryPatch, options?: KeyOptions): Promise<boolean>;
  /**
   * The real id for a temporary one that the signed-in user, or nobody in particular, has provided (`Holdfast-Provides`); null while it's
   * not known, or not any more.
   *
   * @param realId the id, where the server's answer had none: what waits for it goes on. It changes nothing where the id is known, or the answer is to come
   */
  resolve(temporaryId: string, realId?: string | number): Promise<string | number | null>;
  /** An entry's body; null when there's no such entry, or it has none. */
  body(reference: Reference, range?: BodyRange): Promise<EntryBody | null>;
  /** Stops replay at once, until `resume`, a restart included. Requests are still captured and stored. A pause that can't be written rejects, and holds while the worker lives. */
  pause(): Promise<void>;
  /** Ends `pause`, and drains. */
  resume(): Promise<void>;
  /** Drains now: backoffs are cut short, a server's `Retry-After` and the holds are not. */
  replay(): Promise<void>;
  /** The last events, the oldest first. */
  journal(): Promise<SyncEvent[]>;
  /** Tells the worker of something that may let a drain go on. */
  wake(reason: WakeReason): Promise<void>;
  /** The value that any tab saved last under a checkpoint key; null when none was saved, or it was cleared. */
  checkpoint(key: string): Promise<string | null>;
  /** Saves a value under a checkpoint key; resolves when it's on disk. */
  saveCheckpoint(key: string, value: string): Promise<void>;
  /** Removes a checkpoint; resolves when it's gone from the disk. */
  clearCheckpoint(key: string): Promise<void>;
}

/** Every name a page may call: the endpoint checks against this list. */
export const API_CALLS = [
  'provideToken',
  'signIn',
  'renew',
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
  'resolve',
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
