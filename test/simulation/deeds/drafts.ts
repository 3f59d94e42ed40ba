import { seeded, weighted } from '../../chaos/random.js';
import type { Op, Script, Setup } from '../actions.js';

const SHARE = 0.3;

/** In some seeds most writes are saves of one draft, which the app's `coalesce` makes one of, or undoes. They're drawn apart: all other seeds stay as they are. */
export function withDrafts(script: Script): Script {
  const random = seeded(script.seed ^ 0x0d_7a_f7_ed);
  if (random() >= SHARE) return script;
  const setup: Partial<Setup> = { coalesces: random() < 0.7 ? 'at-once' : 'later' };
  const saved = (op: Op): Op => {
    const draft = weighted(random, { save: 8, undo: 1, none: 3 });
    return draft === 'none' || op.isAnonymous ? op : { ...op, draft, lane: null, ...(random() < 0.7 && { taskId: null, replace: false }) };
  };
  const actions = script.actions.map((action) => (action.do === 'post' ? { ...action, op: saved(action.op) } : action));
  return { ...script, setup: { ...script.setup, ...setup }, actions };
}
