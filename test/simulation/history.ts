import type { SyncEvent } from '../../sw/protocol/events.js';
import type { EntryRecord } from '../../sw/policy/entry-record.js';
import type { Agenda } from './agenda.js';
import type { Op } from './actions.js';

/** What a page heard of a post. */
export interface Heard {
  kind: 'queued' | 'answer' | 'error';
  status: number;
  /** Whose answer it is, by its body; NaN where that doesn't say. */
  op: number;
  at: number;
  order: number;
}

/** A page's write, from the call on. */
export interface Post {
  op: Op;
  /** The page that made it. */
  page: string;
  /** The `If-Match` that its page gave it; null for none. */
  condition: string | null;
  /** Whose token it carried; null for none. */
  user: string | null;
  calledAt: number;
  order: number;
  heard: Heard | null;
  /** When its event came to a worker first; Infinity until then. */
  givenAt: number;
  /** Its page was closed, so nobody hears its answer. */
  isLeft: boolean;
  /** A worker died with it, when nothing of it was on disk. */
  diedBare: boolean;
  /** How often a worker died with it. */
  deaths: number;
  /** How often something had been said of the session by cookie when it was made. */
  said: number;
  /** Of a session by cookie: Holdfast had been told whose it is, and no sign-out since. */
  isSettled: boolean;
  /** A worker let it pass as if it weren't there, for want of a storage. */
  isPassed: boolean;
}

export interface Effect {
  op: number;
  prefix: string;
  key: string | null;
  user: string | null;
  body: string;
  /** When its request came to the server. */
  arrivedOrder: number;
  at: number;
  order: number;
}

export interface Arrival extends Omit<Effect, 'body' | 'arrivedOrder'> {
  headers: Record<string, string>;
  method: string;
}

/** A journalled event about an op, as it came onto the disk. */
export interface Told {
  event: SyncEvent;
  at: number;
  order: number;
}

/** What a page asked for, beside posts. */
export interface Call {
  name: string;
  op: number | null;
  /** Who is signed in, as the page knows; and whose the app's session is, of which the page may not have heard yet. */
  user: string | null;
  session: string | null;
  /** No worker has been shown a token of that session yet. */
  isUnheardOf: boolean;
  at: number;
  order: number;
  /** Undefined until it's answered. */
  result?: unknown;
  answeredOrder?: number;
}

/** All that has happened, as the checks read it. */
export class History {
  readonly posts = new Map<number, Post>();
  readonly effects: Effect[] = [];
  readonly arrivals: Arrival[] = [];
  /** Tokens that a worker has been shown. */
  readonly shown = new Set<string>();
  /** Writes that there was no room for. */
  readonly full = new Set<number>();
  readonly told = new Map<number, Told[]>();
  readonly calls: Call[] = [];
  /** Ops that were on disk at some time; and how they left it. */
  readonly stored = new Map<number, { order: number; seq: number; lane: string; owner: string | null; tookPlace: boolean; by: string }>();
  readonly gone = new Map<number, { at: number; order: number; how: 'settled' | 'removed' | 'replaced'; byOp: number | null }>();
  /** Ops that were coalesced: with which newer one, or that nothing was left of both (null). */
  readonly coalesced = new Map<number, { into: number | null; order: number }>();
  /** Ops that a queue of workbox's owes: who has taken each from there last, and whether workbox ever has, to send it itself. */
  readonly owed = new Map<number, { takenBy: 'nobody' | 'workbox' | 'worker'; wasWorkboxs: boolean }>();
  /** What came to light while it happened. */
  readonly found: { check: string; why: string; ops: number[] }[] = [];
  readonly lines: string[] = [];
  isTraced = false;
  #order = 0;

  constructor(readonly agenda: Agenda) {}

  /** The op that does an op's work in the end: its own, or a newer one's that it was coalesced with. Null where nothing was left to do. */
  workOf(op: number): number | null {
    const joined = this.coalesced.get(op);
    return joined === undefined ? op : joined.into === null ? null : this.workOf(joined.into);
  }

  next(): number {
    return ++this.#order;
  }

  trace(line: () => string): void {
    if (this.isTraced) this.lines.push(`${this.agenda.now.toFixed(1).padStart(9)}  ${this.agenda.current?.name ?? '-'}  ${line()}`);
  }

  violated(check: string, why: string, ...ops: number[]): void {
    this.trace(() => `VIOLATED ${check}: ${why}`);
    this.found.push({ check, why, ops });
  }

  /** Gives its place in the order of all that has happened. */
  arrived(arrival: Omit<Arrival, 'at' | 'order'>): number {
    this.trace(() => `server has op ${arrival.op}, key ${arrival.key}, as ${arrival.user}`);
    const order = this.next();
    this.arrivals.push({ ...arrival, at: this.agenda.now, order });
    return order;
  }

  acted(effect: Omit<Effect, 'at' | 'order'>): void {
    this.trace(() => `server ACTS on op ${effect.op}`);
    this.effects.push({ ...effect, at: this.agenda.now, order: this.next() });
  }
}

/** The op that a URL of the simulated app is about. */
export const opOf = (url: string): number => Number(url.slice(url.lastIndexOf('/') + 1));

export const opOfEntry = ({ request }: EntryRecord): number => opOf(request.url);
