import { oneOf, seeded } from '../../chaos/random.js';
import type { Op, Script } from '../actions.js';

const SHARE = 0.4;

/** A write names one of the last so many things that were made. */
const RECENT = 4;

/** The temporary id that a write provides. */
export const nameOf = (op: number): string => `temp-${op}`;

/** The id that the server gives to the thing that a write has made. */
export const realIdOf = (op: number): string => `n-${op}`;

/**
 * In some seeds pages make things whose ids the server gives, and write to those before they have their ids. It's drawn apart: all other
 * seeds stay as they are.
 */
export function withIds(script: Script): Script {
  const random = seeded(script.seed ^ 0x1d_ea_51_de);
  if (random() >= SHARE) return script;
  const made: Op[] = [];
  const changed = (op: Op): Op => {
    const mode = op.mode === 'bypass' ? null : op.mode;
    const of = made.length > 0 && random() < 0.5 ? oneOf(random, made.slice(-RECENT)) : null;
    const isMade = random() < (of ? 0.2 : 0.3);
    const next: Op = { ...op, mode, ...(of && { names: of.id, backend: of.backend, isAnonymous: false, body: null }) };
    // What's put in a provider's place would be what it has made.
    if (isMade) Object.assign(next, { provides: true, taskId: null, replace: false, isAnonymous: false });
    if (isMade) made.push(next);
    return isMade || of ? next : op;
  };
  return { ...script, actions: script.actions.map((action) => (action.do === 'post' ? { ...action, op: changed(action.op) } : action)) };
}
