import { oneOf, seeded, type Random } from '../../chaos/random.js';
import type { Script, Setup } from '../actions.js';

const SHARE = 0.4;

/** In some seeds the server takes its time over each write, and has an idempotency layer as real ones are. It's drawn apart: all other seeds stay as they are. */
export function withLayer(script: Script): Script {
  const random = seeded(script.seed ^ 0x2b_75_1a_6e);
  if (random() >= SHARE) return script;
  const setup: Partial<Setup> = {
    layer: oneOf(random, ['busy', 'busy', 'unmarked', 'waits'] as const),
    keeps: oneOf(random, ['nothing', 'nothing', 'marked', 'marked', 'unmarked'] as const),
  };
  return { ...script, setup: { ...script.setup, ...setup } };
}

/** How long the server is at a write, in milliseconds: a moment as a rule, now and then longer than its client waits for it. */
export const workMs = (random: Random): number => oneOf(random, [0, 10, 10, 100, 100, 1_000, 4_000, 25_000]) * random();
