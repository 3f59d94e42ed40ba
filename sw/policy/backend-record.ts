import type { AuthGate } from './auth-gate.js';
import { CLOSED, type Circuit } from './circuit.js';
import type { Configuration } from '../protocol/api.js';

type Gates = Readonly<Record<string, AuthGate>>;

/** The state of a backend that must outlive the worker. */
export interface BackendRecord {
  /** `namespace|base URL` */
  key: string;
  /** Facts about the last token, without its value: a sign-out may be the first call that the next worker gets. */
  last: LastToken | null;
  /** The last tokens that were taken, and the last sign-ins by cookie, the newest at the end; from a sign-out on, of all backends. */
  seen: readonly Seen[];
  /** The user of the cookie session, as the page said. */
  sessionUser: string | null;
  /** Set while nobody is signed in. */
  signedOut: SignedOut | null;
  /** When a page asked for the last sign-out, in milliseconds since the epoch, whoever has signed in since; 0 for never. */
  outAt: number;
  /** Counts sign-ins and sign-outs, so that a late write of a replaced worker doesn't undo a newer sign-in or sign-out. */
  epoch: number;
  /** How far the server's clock is ahead of this device's at least, in milliseconds; null when the server's was never seen. */
  serverSkewMs: number | null;
  /** The last good answer of the backend's `remoteConfig`. */
  remote: RemoteAnswer | null;
  /** Auth gates by owner; '' where the owner isn't known. */
  gates: Gates;
  /** The gates of cookie sessions by user; '' where the user isn't known. */
  sessionGates: Gates;
  circuit: Circuit;
  /** Until when a server's `Retry-After` holds the backend back, in milliseconds since the epoch. */
  throttledUntil: number;
  /** Addresses (`method URL`, without the query) that are answered with a redirect to another origin: no key of ours goes there. */
  keyless?: readonly string[];
  /**
   * Even while nothing that waits has been sent again for certain, by no worker: kept for a backend that coalesces. It only ever counts up, so
   * that a late write of a replaced worker doesn't undo a newer one. @default 1
   */
  replays?: number;
  /** The last entry, by its `seq`, that a worker which has died may have sent ahead of the first of its turn, without its record saying so. @default 0 */
  sentTo?: number;
}

/** Whether no worker has made a replay of what waits, as the record says: an entry without a send on record wasn't sent. */
export const isUnreplayed = (record: Pick<BackendRecord, 'replays'> | undefined): boolean => (record?.replays ?? 1) % 2 === 0;

/** The record of a backend whose entries have been sent again, or certainly haven't. */
export const withReplays = (record: BackendRecord, areMade: boolean): BackendRecord => (isUnreplayed(record) === areMade ? { ...record, replays: (record.replays ?? 1) + 1 } : record);

/** The record of a backend of which a dead worker may have sent these entries ahead. */
export const withSentAhead = (before: BackendRecord, seqs: readonly number[]): BackendRecord =>
  seqs.reduce((record, seq) => (seq > (record.sentTo ?? 0) ? { ...record, sentTo: seq } : record), before);

export const newBackendRecord = (key: string): BackendRecord => ({
  key,
  last: null,
  seen: [],
  sessionUser: null,
  signedOut: null,
  outAt: 0,
  epoch: 0,
  serverSkewMs: null,
  remote: null,
  gates: {},
  sessionGates: {},
  circuit: CLOSED,
  throttledUntil: 0,
});

/** Completes a record from the disk: an earlier version may have written fewer fields. */
export const readBackendRecord = (stored: Pick<BackendRecord, 'key'> & Partial<BackendRecord>): BackendRecord => ({
  ...newBackendRecord(stored.key),
  ...stored,
});

/**
 * The record to write over the one on disk. A replaced worker may still write, and know less than the disk: the sign-in with the
 * higher `epoch`, each owner's gate with the higher `generation` and the newest remote configuration stay.
 */
export function merged(onDisk: BackendRecord, written: BackendRecord): BackendRecord {
  const { epoch, last, seen, signedOut, outAt, sessionUser, remote } = onDisk;
  const isNewer = epoch > written.epoch;
  const isOutdated = remote && remote.at > (written.remote?.at ?? -Infinity);
  return {
    ...written,
    gates: newerOf(onDisk.gates, written.gates),
    sessionGates: newerOf(onDisk.sessionGates, written.sessionGates),
    ...(isNewer && { epoch, last, seen, signedOut, outAt, sessionUser }),
    ...(isOutdated && { remote }),
    ...((onDisk.replays ?? 0) > (written.replays ?? 0) && { replays: onDisk.replays! }),
    ...((onDisk.sentTo ?? 0) > (written.sentTo ?? 0) && { sentTo: onDisk.sentTo! }),
  };
}

/** Each owner's gate with the higher generation, the written one where they're equal. */
function newerOf(onDisk: Gates, written: Gates): Gates {
  const newer = Object.entries(onDisk).filter(([owner, { generation }]) => generation > (written[owner]?.generation ?? -1));
  // An owner may be called `__proto__`.
  return Object.fromEntries([...Object.entries(written), ...newer]);
}

/** A sign-out, until the next token or sign-in. */
export interface SignedOut {
  /** When the page asked for it last, in milliseconds since the epoch. */
  since: number;
  /** The user who has signed out; null when nobody knows. */
  user: string | null;
  /** The token that was forgotten: a page that still uses this token, an older one, or any that was seen, signs nobody in. */
  forgotten: LastToken | null;
}

/** A token that was taken, or a sign-in by cookie. */
export interface Seen {
  owner: string | null;
  /** The token's digest; empty for a sign-in by cookie. */
  digest: string;
  /** When the page handed it over or made its request, by the device's clock, in milliseconds since the epoch. */
  at: number;
}

export interface LastToken {
  owner: string | null;
  digest: string;
  /** The token's end by the server's clock, in milliseconds since the epoch; null when the token doesn't say. */
  expiresAt: number | null;
  /** When the newest token so far was made, this one or an earlier one, in seconds since the epoch; null when no token says. */
  issuedAt: number | null;
}

/** When the newest known token was made, in seconds since the epoch; 0 when no token says. */
export const newestMade = ({ last, signedOut }: Pick<BackendRecord, 'last' | 'signedOut'>): number => (last ?? signedOut?.forgotten)?.issuedAt ?? 0;

export interface RemoteAnswer {
  url: string;
  autoRetry: boolean;
  offlineMode: boolean;
  /** When the configuration was asked for. */
  at: number;
}

export interface Settings extends Configuration {
  paused: boolean;
}
