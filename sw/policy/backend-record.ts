import type { AuthGate } from './auth-gate.js';
import { CLOSED, type Circuit } from './circuit.js';
import type { Configuration } from '../protocol/api.js';

/** What of a backend must outlive the worker. */
export interface BackendRecord {
  /** `namespace|base URL` */
  key: string;
  /** The last token, but for itself: a sign-out may be the first thing that the next worker hears of. */
  last: LastToken | null;
  /** Whose session by cookie it is, as the page said. */
  sessionUser: string | null;
  /** Set while nobody is signed in. */
  signedOut: SignedOut | null;
  /** Counts sign-ins and sign-outs: what a worker that is replaced still writes must not undo a later one. */
  epoch: number;
  /** How far the server's clock is ahead of this one at least, in milliseconds; null when that was never seen. */
  serverSkewMs: number | null;
  /** The last good answer of its `remoteConfig`. */
  remote: RemoteAnswer | null;
  /** By owner; '' where the owner isn't known. */
  gates: Record<string, AuthGate>;
  circuit: Circuit;
  /** Until when a server's `Retry-After` holds the backend back, in milliseconds since the epoch. */
  throttledUntil: number;
}

export const newBackendRecord = (key: string): BackendRecord => ({
  key,
  last: null,
  sessionUser: null,
  signedOut: null,
  epoch: 0,
  serverSkewMs: null,
  remote: null,
  gates: {},
  circuit: CLOSED,
  throttledUntil: 0,
});

/** What was read from disk, whole: an earlier version may have written less of it. */
export const readBackendRecord = (stored: Pick<BackendRecord, 'key'> & Partial<BackendRecord>): BackendRecord => ({
  ...newBackendRecord(stored.key),
  ...stored,
});

/** A sign-out, until the next token or sign-in. */
export interface SignedOut {
  since: number;
  /** Who has signed out; null when that isn't known. */
  user: string | null;
  /** The token that was forgotten: a page that still uses it, or an older one, signs nobody in. */
  forgotten: LastToken | null;
}

export interface LastToken {
  owner: string | null;
  digest: string;
  /** By the server's clock, in milliseconds since the epoch; null when it doesn't say. */
  expiresAt: number | null;
  /** In seconds; null when it doesn't say. */
  issuedAt: number | null;
}

export interface RemoteAnswer {
  url: string;
  autoRetry: boolean;
  offlineMode: boolean;
  /** When it was asked for. */
  at: number;
}

export interface Settings extends Configuration {
  paused: boolean;
}
