import type { Circuit } from './circuit.js';
import { SHUNNED_LIMIT } from './entry.js';
import { isResting, type EntryRecord } from './entry-record.js';

/** How a backend's auth gate looks to one entry. */
export type AuthView =
  | 'open'
  /** A fresh token is being tried: one entry at a time. */
  | 'probing'
  | 'held'
  /** The live token is another user's. */
  | 'parked'
  /** It needs a token and there's none in memory. */
  | 'missing'
  /** It needs a token, and the one in memory is over by its own word. */
  | 'over';

/** What the plan must know of a backend. */
export interface BackendView {
  concurrency: number;
  /** Lanes with a send under way. */
  busyLanes: ReadonlySet<string>;
  /** Whether a send that needs the token is under way. */
  tokenInFlight: boolean;
  circuit: Circuit;
  /** A page's own request is the open circuit's probe. */
  isProbed: boolean;
  /** A server's `Retry-After`: nothing goes out before. */
  throttledUntil: number;
  /** Its retry gate is closed. */
  isRetryGateClosed: boolean;
  /** What has waited longer is given up. */
  maxAgeMs: number;
  auth(entry: EntryRecord): AuthView;
}

export interface Plan {
  send: EntryRecord[];
  /** The first of those that wait for nothing but a token that isn't there, one for each owner. */
  missing: EntryRecord[];
  /** Those that would go out now, if their token weren't over. */
  over: EntryRecord[];
  parked: EntryRecord[];
  /** Those that are too old, whatever they wait for. */
  expired: EntryRecord[];
  /** When the next of them will be, or null. */
  expiresAt: number | null;
  /** When to look again, or null when no clock will change anything. */
  due: number | null;
}

/**
 * Which entries may go out now. A pure function of the heads of the lanes.
 *
 * Within a lane the order is that of capture: an entry that only waits for its time stops the lane.
 * One that waits for a token doesn't stop those that need none, or that are another user's.
 *
 * @param heads the first entry of each turn (backend, lane, credential)
 */
export function planSends(heads: readonly EntryRecord[], view: BackendView, now: number): Plan {
  const plan: Plan = { send: [], missing: [], over: [], parked: [], expired: [], expiresAt: null, due: null };
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
  // Nobody is asked for a token before there's any use for it.
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
    if (entry.scheme !== null) {
      if (view.auth(entry) === 'probing' && tokenInFlight) continue;
      tokenInFlight = true;
    }
    plan.send.push(entry);
  }
  return plan;
}

/**
 * When an entry may go out, as far as it's for the entry to say. While nobody answers, the circuit's clock rules, and an
 * answer makes everything due. So it is for what rests until the whole server is there again, which has no time of its own.
 */
const dueAt = ({ unreachable, notBefore }: EntryRecord, { throttledUntil }: BackendView): number =>
  Math.max(throttledUntil, unreachable > 0 ? 0 : notBefore);

function isYoung(head: EntryRecord, maxAgeMs: number, plan: Plan, now: number): boolean {
  // A dead letter stays; what can't be read has no age, and an end of its own.
  if (head.state === 'dead' || head.reason === 'unreadable') return true;
  const end = head.agesFrom + maxAgeMs;
  if (end <= now) plan.expired.push(head);
  else plan.expiresAt = Math.min(end, plan.expiresAt ?? end);
  return end > now;
}

/**
 * The oldest; but one that nobody would answer five times running, or whose retries are used up, lets another have the
 * probe, and where that goes for all, they take turns: a single request that can't get through must not stop the rest.
 */
function probe(ready: readonly EntryRecord[]): EntryRecord {
  const oldest = ready.find((entry) => entry.unreachable < SHUNNED_LIMIT && !isResting(entry));
  return oldest ?? ready.reduce((longest, entry) => (entry.sentAt < longest.sentAt ? entry : longest));
}

function firstSendable(lane: readonly EntryRecord[], view: BackendView, plan: Plan): EntryRecord | undefined {
  for (const entry of lane) {
    // It's in line although it's dead, so it blocks what came after it.
    if (entry.state === 'dead') return undefined;
    const auth = view.auth(entry);
    if (auth === 'open' || auth === 'probing') return entry;
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
