import type { AboutEntry, SyncEvent } from '../../sw/protocol/events.js';
import { opIdOf } from './op.js';
import { killsInFlight, type Effect, type Kill, type Post, type Record as RunRecord, type Seen } from './record.js';

export type ViolationKind =
  | 'lost'
  | 'doubled'
  /** Doubled, and a worker was killed while the page's own request was under way: the browser sent it again. */
  | 'redispatched'
  /**
   * Doubled, as Chromium had sent it once more by itself when its connection broke off, and the token lapsed just then: the refusal is all
   * that the worker has heard, and the next token went with a fresh key.
   */
  | 'resent'
  /** Chromium sent it around the worker, as it does when that was stopped at a bad moment: Holdfast never saw it. */
  | 'bypassed'
  /** Holdfast let it pass to the network as it was, without an idempotency key. */
  | 'unkept'
  | 'overtaken'
  | 'wrong-bytes'
  | 'wrong-owner'
  | 'wrong-answer'
  | 'leftover'
  | 'unanswered'
  /** A page that only wants to hear that its post is kept had to wait for that. */
  | 'kept-waiting'
  | 'unsettled'
  | 'settled-twice'
  /** Not the product's fault: events were swept before the runner had read them. */
  | 'journal-gap';

export interface Violation {
  kind: ViolationKind;
  why: string;
  /** Whose stories tell of it. */
  ops: number[];
}

export interface CheckOptions {
  /**
   * Whether a post that was `redispatched` is not to be held against anybody; with how long it had been
   * on the wire at each of the kills. @default none
   */
  tolerates?: (post: Post, flownMs: readonly number[]) => boolean;
}

/** Judges a run. No violation means: nothing lost, nothing twice, nothing overtaken, nothing as the wrong user. */
export function check(whole: RunRecord, { tolerates = () => false }: CheckOptions = {}): Violation[] {
  const { record, bypassed } = withoutBypassed(whole);
  const effects = groupBy(record.effects, ({ op }) => op);
  return [
    ...bypassed,
    ...lost(whole),
    ...doubled(record, effects, tolerates),
    ...overtaken(record, effects),
    ...altered(record),
    ...misattributed(record),
    ...misanswered(record),
    ...keptWaiting(record),
    ...left(record),
    ...misjournalled(record),
  ];
}

/** The page was told that its post is in safe hands. */
export const isAccepted = ({ heard }: Post): boolean =>
  heard?.kind === 'queued' || (heard?.kind === 'answer' && heard.status >= 200 && heard.status < 300);

/** What wasn't in Holdfast's hands is told once, and proves nothing about the rest. */
function withoutBypassed(record: RunRecord): { record: RunRecord; bypassed: Violation[] } {
  const bare = new Map(record.seen.filter(({ key }) => key === null).map((one) => [one.op, one]));
  return {
    record: {
      ...record,
      posts: record.posts.filter(({ op }) => !bare.has(op.id)),
      effects: record.effects.filter(({ op }) => !bare.has(op)),
    },
    bypassed: [...bare].map(([op, { raw }]) => ({
      kind: raw ? 'bypassed' : 'unkept',
      why: `it came without an idempotency key${raw ? ", and with Holdfast's own headers" : ''}`,
      ops: [op],
    })),
  };
}

type Tolerates = NonNullable<CheckOptions['tolerates']>;
type Effects = ReadonlyMap<number, readonly Effect[]>;

function lost({ posts, journal, effects }: RunRecord): Violation[] {
  const done = new Set(effects.map(({ op }) => op));
  const promised = new Map<number, string>();
  for (const event of journal.values())
    if (event.type === 'queued' || event.type === 'delivered') promised.set(opIdOf(event.url), `journalled as ${event.type}`);
  for (const post of posts) if (isAccepted(post)) promised.set(post.op.id, `the page heard ${post.heard!.kind}`);
  return [...promised]
    .filter(([op]) => !done.has(op))
    .map(([op, why]) => ({ kind: 'lost', why: `${why}, and the server never acted`, ops: [op] }));
}

function doubled({ posts, kills, seen, journal }: RunRecord, effects: Effects, tolerates: Tolerates): Violation[] {
  const retried = new Set([...journal.values()].flatMap((event) => (event.type === 'retrying' ? [opIdOf(event.url)] : [])));
  return posts.flatMap((post): Violation[] => {
    const { id } = post.op;
    const count = effects.get(id)?.length ?? 0;
    if (count < 2) return [];
    if (!retried.has(id) && isResent(seen.filter(({ op }) => op === id), kills)) return [{ kind: 'resent', why: `${count} effects; acted on and refused in one send of the worker's`, ops: [id] }];
    // On a busy machine a call takes long to become a request, and only what's on the wire can have been written down.
    const wireMs = seen.find(({ op }) => op === id)?.at.ms ?? post.called.ms;
    const flown = killsInFlight(post, kills).flatMap(({ what, from }) => (what === 'worker' ? [Math.max(0, from.ms - wireMs)] : []));
    if (flown.length === 0) return [{ kind: 'doubled', why: `${count} effects`, ops: [id] }];
    const why = `${count} effects; in flight when a worker was killed, on the wire for ${flown.join(', ')} ms`;
    return tolerates(post, flown) ? [] : [{ kind: 'redispatched', why, ops: [id] }];
  });
}

/** How long Chromium takes to send a request once more, on a busy machine, in milliseconds. */
const RESENT_MS = 1_000;

/** Whether the server acted on a request, broke off, and refused the token to the same request at once, while no worker died: so no worker has heard of the first. */
function isResent(seen: readonly Seen[], kills: readonly Kill[]): boolean {
  return seen.some(({ at: acted, key, did }) => {
    if (!did.endsWith('reset-after acted')) return false;
    const refused = seen.find((other) => other.key === key && other.did === 'lapsed' && other.at.order > acted.order && other.at.ms - acted.ms < RESENT_MS);
    return refused !== undefined && !kills.some(({ from, to }) => to.order > acted.order && from.order < refused.at.order);
  });
}

function overtaken({ posts }: RunRecord, effects: Effects): Violation[] {
  const firstOf = (post: Post) => Math.min(...effects.get(post.op.id)!.map(({ at }) => at.order));
  const delivered = posts.filter((post) => isAccepted(post) && effects.has(post.op.id));
  const lines = groupBy(delivered, ({ op }) => `${op.backend} ${op.lane} ${op.user}`);
  return [...lines].flatMap(([line, all]) =>
    all.flatMap((first) =>
      all
        .filter((second) => first.answered!.order < second.called.order && firstOf(first) > firstOf(second))
        .map((second): Violation => ({
          kind: 'overtaken',
          why: `${second.op.id} was called after ${first.op.id} was answered, and took effect before it (${line})`,
          ops: [first.op.id, second.op.id],
        })),
    ),
  );
}

function altered({ effects, seen }: RunRecord): Violation[] {
  const wrong = effects
    .filter(({ faithful }) => !faithful)
    .map(({ op }): Violation => ({ kind: 'wrong-bytes', why: "the body isn't the one that the page sent", ops: [op] }));
  const unlike = seen
    .filter(({ sameBytes }) => !sameBytes)
    .map(({ op, key }): Violation => ({ kind: 'wrong-bytes', why: `two bodies under the key ${key}`, ops: [op] }));
  return [...wrong, ...unlike];
}

function misattributed({ posts, effects }: RunRecord): Violation[] {
  const owners = new Map(posts.map(({ op }) => [op.id, op.user]));
  return effects
    .filter(({ op, user }) => owners.get(op) !== user)
    .map(({ op, user }) => ({ kind: 'wrong-owner', why: `${owners.get(op)}'s post took effect as ${user}'s`, ops: [op] }));
}

function misanswered({ posts, kills }: RunRecord): Violation[] {
  return posts.flatMap((post): Violation[] => {
    const { op, heard } = post;
    if (heard === null) return [{ kind: 'unanswered', why: 'the page never heard anything', ops: [op.id] }];
    if (heard.kind !== 'answer') return [];
    // The status was here already when the worker, or the server, died over the body.
    const torn = heard.status === 201 && heard.op === null && killsInFlight(post, kills).length > 0;
    if (torn || (heard.status === 201 && heard.op === op.id)) return [];
    return [{ kind: 'wrong-answer', why: `status ${heard.status}, of op ${heard.op}`, ops: [op.id] }];
  });
}

/** The worker's timeout, what it waits for an event that comes again, and as much again for a slow machine. */
const PROMPT_MS = 6_000;

function keptWaiting({ posts }: RunRecord): Violation[] {
  return posts.flatMap(({ op, called, answered }): Violation[] => {
    const waited = answered && op.mode !== 'wait' ? answered.ms - called.ms : 0;
    return waited > PROMPT_MS ? [{ kind: 'kept-waiting', why: `${op.mode}, and answered after ${waited} ms`, ops: [op.id] }] : [];
  });
}

const left = ({ leftover }: RunRecord): Violation[] =>
  leftover.map(({ url, state, reason }) => ({ kind: 'leftover', why: `${state}, ${reason}`, ops: [opIdOf(url)] }));

const TERMINAL = new Set<SyncEvent['type']>(['delivered', 'failed', 'cancelled']);

function misjournalled({ journal }: RunRecord): Violation[] {
  const gap = gapIn([...journal.keys()]);
  const about = [...journal.values()].filter((event): event is SyncEvent & AboutEntry => 'seq' in event);
  const entries = [...groupBy(about, ({ seq }) => seq)].flatMap(([seq, events]): Violation[] => {
    const ends = events.filter(({ type }) => TERMINAL.has(type)).map(({ type }) => type);
    const why = `entry ${seq}: ${events.map(({ type }) => type).join(', ')}`;
    const ops = [opIdOf(events[0]!.url)];
    if (ends.length > 1) return [{ kind: 'settled-twice', why, ops }];
    // Without a `queued` nobody was told of the entry: a write-ahead whose worker died.
    const owed = events.some(({ type }) => type === 'queued');
    return owed && ends.length === 0 && !gap ? [{ kind: 'unsettled', why, ops }] : [];
  });
  return gap ? [{ kind: 'journal-gap', why: gap, ops: [] }, ...entries] : entries;
}

/** `Map.groupBy` came with Node 21. */
function groupBy<T, Key>(all: Iterable<T>, keyOf: (one: T) => Key): Map<Key, T[]> {
  const groups = new Map<Key, T[]>();
  for (const one of all) {
    const group = groups.get(keyOf(one));
    if (group) group.push(one);
    else groups.set(keyOf(one), [one]);
  }
  return groups;
}

/** The store counts its keys, so a number that's missing is an event that nobody read. */
function gapIn(places: number[]): string | null {
  const sorted = places.sort((a, b) => a - b);
  const after = sorted.findIndex((place, index) => place !== index + 1);
  return after === -1 ? null : `event ${after + 1} is missing, the next one is ${sorted[after]}`;
}
