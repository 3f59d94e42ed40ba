/**
 * Every event that Holdfast emits: one closed union, the same on the page
 * (`client.addEventListener(type)`), in the worker (`onEvent`) and in the journal.
 *
 * No event carries a token, a cookie, a header or a body. Times are milliseconds since the epoch.
 */
export type SyncEvent =
  | QueuedEvent
  | SendingEvent
  | RetryingEvent
  | DeliveredEvent
  | FailedEvent
  | CancelledEvent
  | CoalescedEvent
  | ResolvedEvent
  | ParkedEvent
  | HeldEvent
  | AuthRequiredEvent
  | ReleasedEvent
  | PausedEvent
  | ResumedEvent
  | OutboxFullEvent
  | StorageFailedEvent
  | OnlineEvent
  | OfflineEvent;

export type SyncEventType = SyncEvent['type'];

interface Timed {
  /** When the event happened, by this device's clock. */
  at: number;
}

/** The fields by which an event names its entry. */
export interface AboutEntry extends Timed {
  /** The task id: chosen by the page (`Holdfast-Id`) or generated. */
  id: string;
  /** The checkpoint key `namespace|base URL|task id`. */
  key: string;
  /** The entry's place in the order of capture. Unique for ever, where a task id may be used again. */
  seq: number;
  /** The backend's base URL, absolute. */
  baseUrl: string;
  /** '' where none was given. */
  namespace: string;
  /** The lane, within which entries keep their order. */
  lane: string;
  method: string;
  /** The request's URL, absolute, with its secrets masked. */
  url: string;
}

/** The fields by which an event names a request that isn't stored. */
interface AboutRequest extends Timed {
  method: string;
  url: string;
}

/** The fields by which an event names a backend's auth gate. */
interface AboutGate extends Timed {
  baseUrl: string;
  namespace: string;
  /** The owner whose entries wait; null where the owner isn't known. */
  owner: string | null;
}

/** Why an entry isn't on the wire at the moment. */
export type WaitReason =
  /** The connection failed: no answer came. */
  | 'unreachable'
  /** No answer within `networkTimeoutMs`. */
  | 'timeout'
  /**
   * The server answered with a status that says "later": 408, 425, or a 5xx that another try may change; or with a 409 or 423
   * to a request that it may be acting on since an earlier send.
   */
  | 'server-error'
  /** The server is still at the first send, as it says: it's asked again, and no retry is spent. */
  | 'in-progress'
  /** The server answered with a 429 or a 403 with a `Retry-After`, or the backend's `Retry-After` isn't over yet. */
  | 'rate-limited'
  /** The retries are used up, and the server only says "not now": the entry is tried at each wake-up, and every five minutes at the latest. */
  | 'server-unavailable'
  /** The browser is offline, so nothing was tried. */
  | 'offline'
  /** The backend didn't answer earlier requests, so nothing was tried. */
  | 'circuit-open'
  /** Entries captured earlier in the lane go first. */
  | 'behind-waiting'
  /** The server refused the token (a JWT 401), or the token is over by its own `exp`, so that nothing was sent. */
  | 'auth-expired'
  /** The entry needs a token, and the worker has none, as after a restart. */
  | 'token-missing'
  /** The server doesn't know the entry's cookie session any more: a 401, a 419, or a redirect to a page such as a login. */
  | 'session-expired'
  /** The server refused the CSRF token, or the entry needs one and nobody knows it. */
  | 'csrf-expired'
  /** The page's own send is under way, and the entry is on disk already. */
  | 'first-send'
  /** The server has a newer version, and the app's `onConflict` has changed the request. */
  | 'conflict'
  /** The entry took the place of an entry that waited under the same id (`Holdfast-Replace`). */
  | 'replaced'
  /** The entry was a dead letter, and is sent again. */
  | 'retried'
  /** The entry names a temporary id whose provider (`Holdfast-Provides`) has no answer yet. */
  | 'awaits-id'
  /** The entry names a temporary id whose provider is a dead letter: it goes on when that is retried. */
  | 'provider-dead'
  /** The entry names a temporary id whose provider had an answer without an id: it goes on when the page tells the id (`resolve`). */
  | 'no-id';

/** Why an entry was set aside. */
export type DeadReason =
  /** The server's answer won't change: 400, 403, 422, 501 and the like. */
  | 'permanent'
  /** Redirects have led to a page that the request hadn't asked for, such as a login: nobody can say whether anything was done. */
  | 'redirected'
  /** The retry policy gave up on a server that answers. */
  | 'retries-exhausted'
  /** Five network errors in a row, while others got through to the same backend. */
  | 'unreachable'
  /** The server refused `maxRejections` different tokens. */
  | 'auth-rejected'
  /** The entry is older than `limits.maxAgeMs`. */
  | 'expired'
  /** The hook `beforeSend` threw. */
  | 'before-send'
  /** The hook `onConflict` threw, took too long, or gave what is no patch. */
  | 'on-conflict'
  /** The browser refuses to build the request. */
  | 'unsendable'
  /** The entry's record or body is damaged. */
  | 'unreadable'
  /** The entry names a temporary id whose provider was discarded, cancelled or refused: its thing isn't there. */
  | 'provider-gone'
  /** A retry could not be written. The entry isn't set aside: it stays, and the next wake-up tries it again. */
  | 'unwritable';

/** Why an auth gate is closed. `signed-out`: nobody is asked for a token, and entries that wait are listed as parked. */
export type HoldReason = 'auth-expired' | 'token-missing' | 'session-expired' | 'csrf-expired' | 'signed-out';

/** The request is on disk: the page may be told so. */
export interface QueuedEvent extends AboutEntry {
  type: 'queued';
  /** Why the request wasn't delivered at once. */
  reason: WaitReason;
}

/** A stored entry goes out: its first bytes may be on the wire. */
export interface SendingEvent extends AboutEntry {
  type: 'sending';
  /** Counts every send of the entry, the first being 1. */
  send: number;
}

/** The entry will be retried, in `delayMs` at the earliest. */
export interface RetryingEvent extends AboutEntry {
  type: 'retrying';
  /** Fresh for each retry. */
  attemptId: string;
  /** 1, 2, 3 …: the number of the coming retry. */
  attempt: number;
  /** Null where there's no limit: a server that can't be reached, is unavailable for long, or is still at the first send, spends no budget. */
  maxAttempts: number | null;
  /** Milliseconds from `at`. */
  delayMs: number;
  /** Why the last send failed. */
  reason: WaitReason;
  /** The last answer's status; null where nobody answered. */
  status: number | null;
}

/** The server has acted and answered. */
export interface DeliveredEvent extends AboutEntry {
  type: 'delivered';
  /** The final answer's status. */
  status: number;
  /** True when the request was a batch, and a part of it was refused for want of a good token (`auth.bodyErrors`). */
  partial?: true;
  /** True when the entry was edited and this is the server's kept answer to the request as it was before: the edit was never seen. */
  replayed?: true;
}

/** The entry is a dead letter now; or, with `unwritable`, its retries have stopped for the moment. */
export interface FailedEvent extends AboutEntry {
  type: 'failed';
  reason: DeadReason;
  /** The last answer's status; null where nobody answered. */
  status: number | null;
  /** True when the server may have acted on a send all the same: one without an answer, or with a 408 or 5xx, or still under way when last asked. */
  inDoubt?: true;
  /** True when the server keeps the answer under the idempotency key, and gives it again. */
  replayed?: true;
}

/** The entry was ended by `cancel`, a purge, or the app's `onConflict`, and is gone. */
export interface CancelledEvent extends AboutEntry {
  type: 'cancelled';
  /** True when the entry was on the wire, or an earlier send had no answer, or a 408 or 5xx: the server may have acted all the same. */
  mayBeDelivered: boolean;
  /** True when the server had a newer version, for which `onConflict` gave the request up. */
  conflict?: true;
}

/**
 * A new request and an entry that nobody had sent have become one (`coalesce`). The event names the entry as it was; its `id`, `key` and
 * `seq` are those of both from now on.
 */
export interface CoalescedEvent extends AboutEntry {
  type: 'coalesced';
  /** The new request. */
  newer: { method: string; url: string };
  /** True when neither goes out: what the entry would have made was deleted before. `cancelled` follows. */
  discarded?: true;
}

/** A temporary id (`Holdfast-Provides`) has its real one: what names the temporary id goes out with the real one from now on. */
export interface ResolvedEvent extends Timed {
  type: 'resolved';
  baseUrl: string;
  namespace: string;
  temporaryId: string;
  /** Null where the answer had no id: what names the temporary id waits until the page tells the id (`resolve`). */
  realId: string | number | null;
}

/** The entry waits for its own user to sign in again. */
export interface ParkedEvent extends AboutEntry {
  type: 'parked';
  /** Null where the owner isn't known. */
  owner: string | null;
}

/** The auth gate has closed: no entry that needs the token, or the cookie session, goes out. */
export interface HeldEvent extends AboutGate {
  type: 'held';
  reason: HoldReason;
  /** The id of the entry that was refused; null where nothing was sent: the token was over or missing, or somebody has signed out. */
  id: string | null;
}

/** A page must provide a token or, with `session-expired`, renew the cookie session; with `csrf-expired`, give its CSRF token. Emitted once for each hold. */
export interface AuthRequiredEvent extends AboutGate {
  type: 'auth-required';
  reason: Exclude<HoldReason, 'signed-out'>;
}

/** The auth gate is open again. */
export interface ReleasedEvent extends AboutGate {
  type: 'released';
  /** The token generation: it counts the tokens that were accepted for this gate, or how often the cookie session was renewed. */
  generation: number;
  /** Why a cookie session's gate was closed; left out for a token's gate. */
  reason?: AuthRequiredEvent['reason'];
}

/** Replay has stopped until `resume()`, in every tab. */
export interface PausedEvent extends Timed {
  type: 'paused';
}

/** Replay goes on. */
export interface ResumedEvent extends Timed {
  type: 'resumed';
}

/** There was no room for a request that should have been stored; the page got the true failure. */
export interface OutboxFullEvent extends AboutRequest {
  type: 'outbox-full';
  /** The limit that's reached: one of the backend's, or the browser's quota. */
  limit: 'maxEntries' | 'maxBytes' | 'quota';
}

/** The storage failed, so a request went to the network as if Holdfast weren't there. */
export interface StorageFailedEvent extends AboutRequest {
  type: 'storage-failed';
  /**
   * The name of the error, such as `UnknownError`. `BlockedError`: a tab keeps an older version of the
   * database open. `VersionError`: a newer version of Holdfast has upgraded the database.
   */
  error: string;
}

/** The browser says that it's online again. */
export interface OnlineEvent extends Timed {
  type: 'online';
}

/** The browser says that it's offline. */
export interface OfflineEvent extends Timed {
  type: 'offline';
}

/** A note to pages, dispatched as no event: another token is the live one, so they look when that token expires. */
export interface TokenNote {
  type: 'token';
  /** The worker has lost its token, as it was started anew: the page that gave the token hands it over again. */
  isLost?: true;
}

/**
 * A note to pages, dispatched as no event: an entry has changed in a way that has no event of its own. It was edited
 * or discarded, or its token was refused behind a gate that's closed already. Views of the outbox look again.
 */
export interface ChangeNote {
  type: 'changed';
  key: string;
  seq: number;
}

/** The BroadcastChannel on which the events reach every tab, behind the registration's place. */
export const EVENT_CHANNEL = 'holdfast';

/** What a worker tells its pages. */
export type Heard = SyncEvent | TokenNote | ChangeNote;
