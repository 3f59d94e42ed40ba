import { between, oneOf, seeded, weighted, type Random } from '../../chaos/random.js';
import type { Action, Op, Script, Setup } from '../actions.js';

const SHARE = 0.3;

/** How often the user goes on with the draft while the server is away. */
const SITTINGS = 4;

/**
 * In some seeds writes are saves of one draft, which the app's `coalesce` makes one of, or undoes; and the user goes on with it while the
 * server is away. They're drawn apart: all other seeds stay as they are.
 */
export function withDrafts(script: Script): Script {
  const random = seeded(script.seed ^ 0x0d_7a_f7_ed);
  if (random() >= SHARE) return script;
  const setup: Partial<Setup> = { coalesces: random() < 0.7 ? 'at-once' : 'later' };
  const saved = (op: Op): Op => {
    const draft = weighted(random, { save: 8, undo: 1, none: 3 });
    return draft === 'none' || op.isAnonymous ? op : { ...op, draft, lane: null };
  };
  const actions = script.actions.map((action) => (action.do === 'post' ? { ...action, op: saved(action.op) } : action));
  const pages = script.setup.pages ?? 1;
  let id = Math.max(0, ...actions.map((action) => (action.do === 'post' ? action.op.id : 0)));
  const end = actions.at(-1)?.at ?? 0;
  for (let left = SITTINGS; left > 0; left--) actions.push(...sitting(random, between(random, 0, end), pages, () => ++id));
  return { ...script, setup: { ...script.setup, ...setup }, actions: actions.sort((a, b) => a.at - b.at) };
}

function sitting(random: Random, start: number, pages: number, nextId: () => number): Action[] {
  const page = between(random, 0, pages - 1);
  const backend = oneOf(random, ['api', 'api', 'bare'] as const);
  let at = start;
  const actions: Action[] = [oneOf(random, [{ at, do: 'offline' }, { at, do: 'weather', weather: { fault: oneOf(random, ['down', '500'] as const), share: 1 } }] as const)];
  for (let left = between(random, 3, 7); left > 0; left--) {
    at += oneOf(random, [0, 1, 30, 300, 2_000]);
    const draft = weighted(random, { save: 10, undo: 1, none: 1 });
    const mode = oneOf(random, [null, null, 'wait', 'reject'] as const);
    const lane = random() < 0.9 ? null : 'a';
    actions.push({ at, do: 'post', page, op: { id: nextId(), backend, lane, mode, taskId: null, replace: false, isAnonymous: false, isRefused: false, draft: draft === 'none' ? null : draft } });
    if (random() < 0.1) actions.push({ at: at + between(random, 0, 50), do: 'kill', whose: 'active', afterCalls: between(random, 0, 20) });
    if (random() < 0.15) actions.push({ at, do: 'replay', page });
  }
  at += between(random, 0, 5_000);
  return [...actions, { at, do: 'online' }, { at, do: 'weather', weather: null }];
}
