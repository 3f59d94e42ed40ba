import { between, seeded, type Random } from '../chaos/random.js';

/** Where the time goes, in milliseconds: from, to. */
const STEPS = {
  request: [0, 1],
  commit: [1, 8],
  open: [1, 20],
  lock: [0, 2],
  'lock of the dead': [1, 300],
  channel: [0, 4],
  message: [0, 4],
  dispatch: [0, 3],
  start: [5, 60],
  'hand over': [0, 3],
  digest: [0, 1],
  blob: [0, 3],
  network: [2, 60],
  page: [1, 10],
} as const;

export type StepKind = keyof typeof STEPS;

/** So many events that come again are late, and by so much at most, in milliseconds. */
const LATE_SHARE = 0.15;
const LATE_MS = 4_000;

/** On a slow device any step may take so long, in milliseconds. */
const SLOW_MS = 10_000;

/**
 * All that's left to chance. Each subject has a stream of its own, so that one draw more of the one doesn't change the
 * others: a script that has been shrunk goes on as before.
 */
export interface Chances {
  of(subject: string): Random;
  /** How long a step takes, in milliseconds. */
  step(kind: StepKind): number;
  /** By how much a fetch event that comes again is late, in milliseconds: now and then the next worker is at work by then. */
  again(): number;
  /** The share of the steps that take up to ten seconds. */
  slowShare: number;
  /** Whether it ever was slow. */
  wasSlow: boolean;
}

export function createChances(seed: number): Chances {
  const streams = new Map<string, Random>();
  const of = (subject: string): Random => {
    const known = streams.get(subject);
    if (known) return known;
    const stream = seeded(Math.imul(seed, 0x9e3779b1) ^ hashOf(subject));
    streams.set(subject, stream);
    return stream;
  };
  const chances: Chances = {
    of,
    slowShare: 0,
    wasSlow: false,
    again() {
      const random = of('again');
      return random() < LATE_SHARE ? random() * LATE_MS : 0;
    },
    step(kind) {
      const random = of(kind);
      const [least, most] = STEPS[kind];
      const ms = least + random() * (most - least);
      return chances.slowShare > 0 && random() < chances.slowShare ? ms + between(random, 100, SLOW_MS) : ms;
    },
  };
  return chances;
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const letter of text) hash = Math.imul(hash ^ letter.codePointAt(0)!, 0x01000193);
  return hash >>> 0;
}
