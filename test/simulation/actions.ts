import type { ConflictPolicy, DocumentDeed, DocumentWrite } from './deeds/documents.js';
import type { StreamDeed } from './deeds/streams.js';
import type { Weather } from './network.js';
import type { DatabaseDeed } from './deeds/database.js';
import type { OldQueueDeed } from './deeds/old-queue.js';

/** A page's write. */
export interface Op {
  id: number;
  backend: 'api' | 'bare';
  lane: string | null;
  mode: 'queued' | 'wait' | 'reject' | 'bypass' | null;
  /** `Holdfast-Id`. */
  taskId: string | null;
  replace: boolean;
  /** `Holdfast-Auth: none`, and no token. */
  isAnonymous: boolean;
  /** The server refuses it for good. */
  isRefused: boolean;
  /**
   * It can't be delivered in another way: the connection is cut over it, its refusal comes without CORS headers, a redirect leads where
   * the browser doesn't follow, or the app's `beforeSend` never settles for it.
   */
  fails?: 'cut' | 'unreadable' | 'redirect' | 'hook' | null;
  /** Its answer gives the real id for the temporary one that it provides. */
  provides?: boolean;
  /** The write whose thing it names, by the temporary id. */
  names?: number;
  /** Its body: few bytes, much text, or so many bytes that they're kept as a Blob. @default a line of text */
  body?: 'bytes' | 'long' | 'large' | null;
  /** The app's `coalesce` makes one of it and another save that waits, or discards both. @default a write like any other */
  draft?: 'save' | 'undo' | null;
  /** What it changes, instead of making something. */
  document?: DocumentWrite | null;
}

/** What happens to a worker: the active one, or the one that it replaced. */
export type Whose = 'active' | 'old';

export type Deed =
  | OldQueueDeed
  | DatabaseDeed
  | DocumentDeed
  | { do: 'post'; page: number; op: Op }
  | { do: 'open' | 'close'; page: number }
  /** It's looked at, or another tab is. */
  | { do: 'show' | 'hide'; page: number }
  /** The worker dies at its next port call but so many. */
  | { do: 'kill'; whose: Whose; afterCalls: number }
  /** The active worker dies at its next call of this port. */
  | { do: 'kill-at'; port: string }
  | { do: 'update' }
  | { do: 'weather'; weather: Weather }
  | { do: 'offline' | 'online' }
  | { do: 'slow'; share: number }
  | { do: 'sign-in'; page: number; user: string; provides: boolean }
  | { do: 'sign-out'; page: number; purge: boolean }
  /** Tokens that are out are refused from now on. */
  | { do: 'lapse' }
  | { do: 'auth'; works: boolean }
  | { do: 'cancel' | 'retry' | 'discard' | 'edit'; page: number; op: number }
  | { do: 'pause' | 'resume' | 'replay'; page: number }
  | { do: 'switch'; page: number; offlineMode: boolean | null }
  | { do: 'full' | 'unopened'; times: number }
  | { do: 'disconnect' }
  /** What the server's remote configuration says from now on, and how: as it should, as what isn't JSON, or not at all. */
  | { do: 'remote'; autoRetry: boolean; offlineMode: boolean; says: 'json' | 'nonsense' | 'nothing' }
  /** The network is, or isn't any more, one with a login page of its own before everything. */
  | { do: 'portal'; isUp: boolean }
  | StreamDeed;

/** A deed at a time, in milliseconds from the beginning. */
export type Action = Deed & { at: number };

/** How the workers of a run are configured. */
export interface Setup {
  capture: 'on-failure' | 'write-ahead';
  onDead: 'skip' | 'block';
  maxEntries: number;
  concurrency: number;
  networkTimeoutMs: number;
  respond: 'queued' | 'wait';
  /** How long a token of the app is good for, in seconds. */
  tokenS: number;
  pages: number;
  /** Whether the worker learns tokens from the page's own requests. */
  learns: boolean;
  maxAgeMs: number;
  maxRejections: number;
  maxBytes: number;
  /** Whether the database takes Blobs: WebKit's doesn't in an ephemeral session. */
  keepsBlobs: boolean;
  /** What the app's tokens are: JWTs, or opaque ones, whose owner the app's own function tells. */
  tokens: 'jwt' | 'opaque';
  on401: 'hold' | 'pass';
  /** The app's own: a ladder that gives up after so many retries of either kind, or is ours (null). */
  givesUpAfter: number | null;
  /** The app's classifier takes every 500 for the last word. */
  isFinal500: boolean;
  /** Whether the server has switches for its clients. */
  hasRemote: boolean;
  /** Whether the network is validated before a replay. */
  validates: boolean;
  /** Whether the worker takes over what queues of workbox-background-sync owe. */
  adopts: boolean;
  /** What the app's users are known by: tokens, or a session cookie. */
  sessions: 'token' | 'cookie';
  /** By how much the server's clock is ahead of the device's, in seconds; and whether its answers say so, in `Date`. */
  aheadS: number;
  isDated: boolean;
  /**
   * What the server says to a request while it's at an earlier one under the same key: 409 with a mark, 409 without one, or nothing
   * until it's done; or it's never at one for longer than a moment.
   */
  layer: 'busy' | 'unmarked' | 'waits' | 'instant';
  /** Whether it keeps refusals of a token, and failures of its own, under the key, with a mark when it gives them again or without. */
  keeps: 'marked' | 'unmarked' | 'nothing';
  /** Whether the app's `coalesce` makes one of the saves of a draft, and when it says so. */
  coalesces: 'at-once' | 'later' | null;
  /** The app's `onConflict`, if any, and whether it has `etags: 'follow'`. */
  onConflict: ConflictPolicy | null;
  followsEtags: boolean;
  /** What the server says to a write that's for another version, and whether it takes one that's for none. */
  conflictStatus: 409 | 412;
  demandsCondition: boolean;
  /** Whether the app has a `beforeSend`. */
  hasHook: boolean;
}

/** All that a run follows from. */
export interface Script {
  seed: number;
  /** What it doesn't say is as plain as can be: `PLAIN`. */
  setup: Partial<Setup>;
  actions: readonly Action[];
}
