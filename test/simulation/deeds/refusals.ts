import { oneOf, seeded } from '../../chaos/random.js';
import type { Op, Script } from '../actions.js';

/** One write in so many is always refused. */
const EVERY = 20;

/** By the application's own answer, or in a way that shows no answer. */
const WAYS: readonly Partial<Op>[] = [{ isRefused: true }, { fails: 'cut' }, { fails: 'unreadable' }, { fails: 'redirect' }, { fails: 'hook' }];

/** The same script with one write in twenty that can't be delivered, whatever happens, and all others that can. */
export function withRefusals(script: Script): Script {
  const random = seeded(script.seed ^ 0x0b_ad_0b_ad);
  const fate = (op: Op): Op => ({ ...op, isRefused: false, ...((op.id + script.seed) % EVERY === 0 && { mode: null, ...oneOf(random, WAYS) }) });
  const actions = script.actions.map((action) => (action.do === 'post' ? { ...action, op: fate(action.op) } : action));
  // Without a HEAD nothing shows that the server answers, where no other write is sent.
  return { ...script, setup: { ...script.setup, hasHook: true, onDead: 'skip', validates: true }, actions };
}
