/** What Holdfast is meant to reach: the design's bars for speed, each a limit on a comparison. */
import type { Ledger, Place } from './ledger.js';
import type { Estimate } from './statistics.js';

export interface Bar {
  what: string;
  subject: Place;
  /** Null: the subject's own value counts. */
  baseline: Place | null;
  /** Of the two; a difference is in the unit of the values. @default 'ratio' */
  how?: 'difference';
  limit: { atMost: number } | { atLeast: number };
}

export interface Judgement {
  bar: Bar;
  estimate: Estimate;
  met: boolean;
  /** The interval holds the limit: another run may judge otherwise. */
  close: boolean;
  /** How far it's from the limit, as a part of that; of a limit that's 0, as it is. Below 0 where it's met. */
  missedBy: number;
}

const of = (measure: string, variant: string): Place => ({ measure, variant });

export const BARS: readonly Bar[] = [
  { what: 'a delivered POST, against a worker that only forwards', subject: of('pass', 'holdfast'), baseline: of('pass', 'bare'), limit: { atMost: 1.1 } },
  { what: 'whether a GET outside of every backend starts the worker, with static routing', subject: of('outside-wakes', 'routed'), baseline: null, limit: { atMost: 0 } },
  { what: 'a failed POST stored, each sent first (500), against workbox', subject: of('capture-500', 'holdfast'), baseline: of('capture-500', 'workbox'), limit: { atMost: 1 } },
  { what: 'a failed POST stored, the server being down, against workbox', subject: of('capture-down', 'holdfast'), baseline: of('capture-down', 'workbox'), limit: { atMost: 0.8 } },
  { what: '160 failed POSTs at once stored, the server known to be down, against workbox', subject: of('burst-known-160', 'holdfast'), baseline: of('burst-known-160', 'workbox'), limit: { atMost: 0.5 } },
  { what: '160 failed POSTs at once stored, nobody knowing yet that the server is down, against workbox', subject: of('burst-160', 'holdfast'), baseline: of('burst-160', 'workbox'), limit: { atMost: 0.5 } },
  { what: 'replay of 1 000, one lane, against workbox', subject: of('replay-1-lane-0ms', 'holdfast'), baseline: of('replay-1-lane-0ms', 'workbox'), limit: { atLeast: 1.5 } },
  { what: 'replay of 1 000, one lane, against a bare loop', subject: of('replay-1-lane-0ms', 'holdfast'), baseline: of('replay-1-lane-0ms', 'bare'), limit: { atLeast: 0.55 } },
  { what: 'replay of 1 000, six lanes, against a bare loop of six', subject: of('replay-6-lanes-0ms', 'holdfast'), baseline: of('replay-6-lanes-0ms', 'bare'), limit: { atLeast: 0.65 } },
  { what: 'replay, six lanes, 50 ms of latency, against workbox', subject: of('replay-6-lanes-50ms', 'holdfast'), baseline: of('replay-1-lane-50ms', 'workbox'), limit: { atLeast: 5.6 } },
  { what: 'first replay with 100 000 waiting, against 10', subject: of('backlog-first-100000', 'holdfast'), baseline: of('backlog-first-10', 'holdfast'), limit: { atMost: 1.5 } },
  { what: "the worker's heap with 100 000 waiting, beyond an empty one's, in bytes", subject: of('backlog-heap-100000', 'holdfast'), baseline: of('backlog-heap-0', 'holdfast'), how: 'difference', limit: { atMost: 10_000_000 } },
  { what: 'one more capture with 100 000 waiting, against 10', subject: of('backlog-capture-100000', 'holdfast'), baseline: of('backlog-capture-10', 'holdfast'), limit: { atMost: 1.2 } },
];

/** The bars that were measured, those that are missed the most first. */
export function judgeAll(bars: readonly Bar[], ledger: Ledger): Judgement[] {
  const judgements = bars.flatMap((bar) => {
    const { subject, baseline, how } = bar;
    const estimate = baseline ? ledger.compare(subject, baseline, how) : ledger.value(subject);
    return estimate ? [judge(bar, estimate)] : [];
  });
  return judgements.sort((a, b) => Number(a.met) - Number(b.met) || b.missedBy - a.missedBy);
}

export function judge(bar: Bar, estimate: Estimate): Judgement {
  const isCeiling = 'atMost' in bar.limit;
  const limit = 'atMost' in bar.limit ? bar.limit.atMost : bar.limit.atLeast;
  const beyond = isCeiling ? estimate.value - limit : limit - estimate.value;
  return {
    bar,
    estimate,
    met: beyond <= 0,
    close: estimate.low < limit && limit < estimate.high,
    missedBy: limit === 0 ? beyond : beyond / limit,
  };
}
