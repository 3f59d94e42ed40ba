import type { EntryInfo } from '../../sw/protocol/api.js';
import type { SyncEvent } from '../../sw/protocol/events.js';
import type { Op } from './op.js';

/** A place in the order in which the runner and the server saw things, and the time since the start. */
export interface Moment {
  order: number;
  ms: number;
}

/** What the page heard of a post. */
export type Heard =
  | { kind: 'queued'; entry: string }
  /** `op` is the one that the answer speaks of, `controller` the state of the page's worker. */
  | { kind: 'answer'; status: number; op: number | null; controller: string }
  | { kind: 'error'; name: string }
  /** The page went away before it heard anything. */
  | { kind: 'gone' };

export interface Post {
  op: Op;
  tab: number;
  called: Moment;
  /** Null until the end of the run. */
  answered: Moment | null;
  heard: Heard | null;
}

/** A worker stopped, a process of the server killed, the whole browser killed, or crashed by itself: between the two moments. */
export interface Kill {
  what: 'worker' | 'server' | 'browser' | 'crash';
  from: Moment;
  to: Moment;
}

/** A request as it came to the server, and what the server did with it. */
export interface Seen {
  at: Moment;
  op: number;
  key: string | null;
  user: string | null;
  did: string;
  /** Whether the bytes are those of the first request under the same key. */
  sameBytes: boolean;
  /** Holdfast's own headers are on it still: no worker has seen it. */
  raw: boolean;
}

/** The server acted. */
export interface Effect {
  at: Moment;
  op: number;
  key: string | null;
  user: string | null;
  faithful: boolean;
}

/** All that is known of a run, for the checks to judge. */
export interface Record {
  posts: Post[];
  kills: Kill[];
  /** Pages that the browser failed to load at first. */
  loadsAgain: number;
  seen: Seen[];
  effects: Effect[];
  /** By the keys of the store. */
  journal: Map<number, SyncEvent>;
  /** What was still in the outbox at the end, dead letters included. */
  leftover: EntryInfo[];
}

/** Gives the moments of a run. */
export function startClock(): () => Moment {
  const start = performance.now();
  let order = 0;
  return () => ({ order: ++order, ms: Math.round(performance.now() - start) });
}

/** The kills that met the post in flight. */
export const killsInFlight = ({ called, answered }: Post, kills: readonly Kill[]): Kill[] =>
  kills.filter(({ from, to }) => to.order > called.order && (!answered || answered.order > from.order));
