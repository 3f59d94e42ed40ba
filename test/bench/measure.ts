import type { Random } from '../chaos/random.js';
import type { Actor } from './actor.js';
import type { Ledger, Unit } from './ledger.js';
import type { Stage } from './stage.js';
import { shuffled } from './statistics.js';
import type { VariantName } from './variants.js';

/** One of the bench's parts: what `--only` names. */
export interface Measure {
  name: string;
  /** What it does, in a line. */
  words: string;
  rounds: number;
  quickRounds: number;
  /** Whether the worker lives through each block, so that it can be profiled. */
  profiles?: boolean;
  /** Whether it needs nothing of Chromium's DevTools. */
  inFirefox?: boolean;
  run(context: Context): Promise<void>;
}

export interface Context {
  stage: Stage;
  ledger: Ledger;
  random: Random;
  rounds: number;
  quick: boolean;
  say(line: string): void;
  /** Runs a block of Holdfast's under the profiler; null for no profiles. */
  profiled: ((actor: Actor, work: () => Promise<void>) => Promise<void>) | null;
}

export type Note = (measure: string, unit: Unit, values: readonly number[]) => void;

/** One round: each variant does its part, in an order of its own for every round. */
export async function eachOf(
  names: readonly VariantName[],
  round: number,
  { stage, ledger, random, profiled }: Context,
  work: (actor: Actor, note: Note) => Promise<void>,
): Promise<void> {
  for (const name of shuffled(names, random)) {
    const actor = stage.actors[name];
    const block = () => work(actor, (measure, unit, values) => ledger.note({ measure, variant: name }, unit, round, values));
    await (profiled && name === 'holdfast' ? profiled(actor, block) : block());
  }
}

/** Names of requests, the same in no other block. */
let blocks = 0;
export function namesFor(count: number): string[] {
  const block = blocks++;
  return Array.from({ length: count }, (_, at) => `b${block}-${at}`);
}
