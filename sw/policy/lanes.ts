import type { Circuit } from './circuit.js';
import { SHUNNED_LIMIT } from './entry.js';
import { isResting, type EntryRecord } from './entry-record.js';
import type { Standing } from './given-ids.js';

/** How many entries of a lane are read ahead, and may be sent before the first of them is written off. */
export const AHEAD = 16;

/** How a backend's auth gate looks to one entry. */
export type AuthView =
  | 'open'
  /** A fresh token, or the cookie session, is being tried: one entry at a time. */
  | 'probing'
  | 'held'
  /** The live token is another user's. */
  | 'parked'
  /** The entry needs a token and there's none in memory. */
  | 'missing'
  /** The entry needs a token, and the live token is over by its own `exp`. */
  | 'over';

/** A backend as the plan sees it. */
export interface BackendView {
  concurrency: number;
  /** Lanes with a send under way. */
  busyLanes: ReadonlySet<string>;
  /** Whether a send that needs the token or the cookie session is under way. */
  tokenInFlight: boolean;
  circuit: Circuit;
  /** A page's own request is the open circuit's probe. */
  isProbed: boolean;
  /** The end of a server's `Retry-After`: nothing goes out before. */
  throttledUntil: number;
  isRetryGateClosed: boolean;
  /** An entry that has waited longer is given up. */
  maxAgeMs: number;
  auth(entry: EntryRecord): AuthView;
  /** How the providers stand that the entry awaits. */
  standing(entry: EntryRecord): Standing;
}

export interface Plan {
  send: EntryRecord[];
  /** Entries that wait for nothing but a missing token. */
  missing: EntryRecord[];
  /** Entries that would go out now, if their token weren't over. */
  over: EntryRecord[];
  parked: EntryRecord[];
  /** Entries whose provider has no id to give for now, or is gone: they leave the line. */
  aside: EntryRecord[];
  /** Entries that are too old, whatever they wait for. */
  expired: EntryRecord[];
  /** When the next entry will be too old, or null. */
  expiresAt: number | null;
  /** When to look again, or null when no clock will change anything. */
  due: number | null;
}

/**
 * Which entries may go out now. A pure function of the heads of the lanes.
 *
 * Within a lane, entries go in the order of capture: an entry that only waits for its time stops the lane. An entry
 * that waits for a token doesn't stop entries that need none, or that are another user's.
 *
 * @param heads the first entry of each turn (backend, lane, credential)
 */
export function planSends(heads: readonly EntryRecord[], view: BackendView, now: number): Plan {
  const plan: Plan = { send: [], missing: [], over: [], parked: [], aside: [], expired: [], expiresAt: null, due: null };
  const ready: EntryRecord[] = [];
  const wait = (until: number) => {
    plan.due = plan.due === null ? until : Math.min(plan.due, until);
  };
  const open = view.circuit.state === 'closed';

  for (const lane of byLane(heads)) {
    if (view.busyLanes.has(lane[0]!.lane)) continue;
    const next = firstSendable(lane.filter((head) => isYoung(head, view.maxAgeMs, plan, now)), view, plan);
    if (!next) continue;
    const due = dueAt(next, view);
    if (due > now) wait(due);
    else ready.push(next);
  }
  // A fresh token is asked for only once an entry could go out with it.
  plan.over = plan.over.filter((entry) => {
    const due = Math.max(dueAt(entry, view), view.circuit.state === 'open' ? view.circuit.until : 0);
    if (due > now) wait(due);
    return due <= now && !view.isRetryGateClosed;
  });
  if (view.isRetryGateClosed || ready.length === 0) return plan;
  ready.sort((a, b) => a.seq - b.seq);

  if (!open) {
    if (view.busyLanes.size > 0 || view.isProbed) return plan;
    if (view.circuit.state === 'open' && view.circuit.until > now) wait(view.circuit.until);
    else plan.send.push(probe(ready));
    return plan;
  }

  let tokenInFlight = view.tokenInFlight;
  for (const entry of ready) {
    if (view.busyLanes.size + plan.send.length >= view.concurrency) break;
    if (entry.scheme !== null || entry.session) {
      if (view.auth(entry) === 'probing' && tokenInFlight) continue;
      tokenInFlight = true;
    }
    plan.send.push(entry);
  }
  return plan;
}

/**
 * When an entry may go out, by its own `notBefore` and the backend's `Retry-After`. An entry that nobody answered waits
 * for the circuit alone: any answer makes it due, unless others were answered meanwhile. So does an entry that rests with the whole server: its `notBefore` is past.
 */
const dueAt = ({ unreachable, alone, notBefore }: EntryRecord, { throttledUntil }: BackendView): number =>
  Math.max(throttledUntil, unreachable > 0 && !alone ? 0 : notBefore);

function isYoung(head: EntryRecord, maxAgeMs: number, plan: Plan, now: number): boolean {
  // A dead letter doesn't age; an unreadable entry has no age, and is set aside in another way.
  if (head.state === 'dead' || head.reason === 'unreadable') return true;
  const end = head.agesFrom + maxAgeMs;
  if (end <= now) plan.expired.push(head);
  else plan.expiresAt = Math.min(end, plan.expiresAt ?? end);
  return end > now;
}

/**
 * The entry that probes: the oldest which has neither failed five times in a row without an answer nor used up its retries.
 * Where no entry is so, they take turns: a single request that can't get through must not stop the rest.
 */
function probe(ready: readonly EntryRecord[]): EntryRecord {
  const oldest = ready.find((entry) => entry.unreachable < SHUNNED_LIMIT && !isResting(entry));
  return oldest ?? ready.reduce((longest, entry) => (entry.sentAt < longest.sentAt ? entry : longest));
}

function firstSendable(lane: readonly EntryRecord[], view: BackendView, plan: Plan): EntryRecord | undefined {
  for (const entry of lane) {
    // A dead letter that is still in line blocks all later entries.
    if (entry.state === 'dead') return undefined;
    const auth = view.auth(entry);
    if (auth === 'open' || auth === 'probing') {
      const standing = view.standing(entry);
      if (standing === 'ready') return entry;
      if (standing !== 'awaits-id') plan.aside.push(entry);
      return undefined;
    }
    if (auth === 'missing') plan.missing.push(entry);
    if (auth === 'over') plan.over.push(entry);
    if (auth === 'parked') plan.parked.push(entry);
  }
  return undefined;
}

/** The heads lane by lane, each lane in the order of capture. */
function byLane(heads: readonly EntryRecord[]): EntryRecord[][] {
  const lanes = new Map<string, EntryRecord[]>();
  for (const head of heads) {
    const lane = lanes.get(head.lane);
    if (lane) lane.push(head);
    else lanes.set(head.lane, [head]);
  }
  return [...lanes.values()].map((lane) => lane.sort((a, b) => a.seq - b.seq));
}
