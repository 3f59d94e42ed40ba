/** All figures of a run. */
import type { Random } from '../chaos/random.js';
import { compare, estimate, type Estimate } from './statistics.js';

export type Unit = 'ms' | 'entries/s' | 'bytes' | 'transactions' | 'requests';

/** Where a series is found: what was measured, and of whom. */
export interface Place {
  measure: string;
  variant: string;
}

export interface Series extends Place {
  unit: Unit;
  /** The values of each round. */
  rounds: number[][];
}

export interface Ledger {
  note(place: Place, unit: Unit, round: number, values: readonly number[]): void;
  find(place: Place): Series | undefined;
  all(): Series[];
  /** Drops what a measurement has noted: its series begin with its name. */
  forget(name: string): void;
  /** The median of a series. Null when it wasn't measured. */
  value(place: Place): Estimate | null;
  /** Null when either wasn't measured. */
  compare(subject: Place, baseline: Place, how?: 'ratio' | 'difference'): Estimate | null;
}

export function createLedger(random: Random): Ledger {
  const series = new Map<string, Series>();
  const keyOf = ({ measure, variant }: Place) => `${measure} of ${variant}`;
  return {
    note({ measure, variant }, unit, round, values) {
      const key = keyOf({ measure, variant });
      const mine = series.get(key) ?? { measure, variant, unit, rounds: [] };
      (mine.rounds[round] ??= []).push(...values);
      series.set(key, mine);
    },
    find: (place) => series.get(keyOf(place)),
    all: () => [...series.values()],
    forget(name) {
      for (const [key, { measure }] of series) if (measure === name || measure.startsWith(`${name}-`)) series.delete(key);
    },
    value(place) {
      const mine = series.get(keyOf(place));
      return mine ? estimate(mine.rounds, random) : null;
    },
    compare(subject, baseline, how = 'ratio') {
      const [one, other] = [subject, baseline].map((place) => series.get(keyOf(place)));
      return one && other ? compare(one.rounds, other.rounds, random, how) : null;
    },
  };
}
