import { entriesOf, type Scenario } from './scenario.js';
import type { Result } from './simulate.js';

/** What a result comes to. Times are in full seconds from the backend's return. */
export interface Figures {
  name: string;
  entries: number;
  /** The most requests in one second while the backend is down, and after that. */
  peakDown: number;
  peakAfter: number;
  requests: number;
  /** Until half of all entries owed were served; null when that never happened. The same for 99 %. */
  halfS: number | null;
  mostS: number | null;
  /** Until the last one that was served at all. */
  lastS: number | null;
  dead: number;
}

export function figuresOf(result: Result, scenario: Scenario): Figures {
  const { name, requests, served, dead } = result;
  const back = Math.ceil(scenario.downMs / 1000);
  const entries = entriesOf(scenario);
  const until = (count: number) => secondsUntil(served, count, back);
  return {
    name,
    entries,
    peakDown: most(requests.slice(0, back)),
    peakAfter: most(requests.slice(back)),
    requests: sum(requests),
    halfS: until(entries * 0.5),
    mostS: until(entries * 0.99),
    lastS: until(sum(served)),
    dead,
  };
}

/** Seconds from `back` to the end of the one in which `count` was reached; null for never, and for a count of 0. */
function secondsUntil(served: readonly number[], count: number, back: number): number | null {
  let reached = 0;
  const second = served.findIndex((more) => (reached += more) >= count);
  return second < 0 || count === 0 ? null : second + 1 - back;
}

export const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

/** The greatest; 0 of none. Without a spread, which has no room for very many. */
export const most = (numbers: readonly number[]): number => numbers.reduce((all, one) => Math.max(all, one), 0);
