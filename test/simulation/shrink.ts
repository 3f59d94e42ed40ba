import type { Action, Op, Script, Setup } from './actions.js';
import { run } from './run.js';

/** Looks for the shortest list of actions that violates the same check: leaves out more and more of it, then less and less. */
export async function shrink(script: Script, check: string): Promise<Script> {
  const violates = async (actions: readonly Action[], setup = script.setup) =>
    (await run({ ...script, setup, actions }, { stopAt: check })).violations.some((violation) => violation.check === check);

  let actions = script.actions;
  for (let size = Math.ceil(actions.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let hasChanged = true; hasChanged; ) {
      hasChanged = false;
      for (let at = actions.length - size; at > -size; at -= size) {
        const fewer = [...actions.slice(0, Math.max(0, at)), ...actions.slice(at + size)];
        if (fewer.length === actions.length || !(await violates(fewer))) continue;
        actions = fewer;
        hasChanged = size === 1;
      }
    }
  }
  for (const index of actions.keys()) {
    for (const plain of PLAIN) {
      const action = actions[index]!;
      if (action.do !== 'post') continue;
      const changed = actions.with(index, { ...action, op: { ...action.op, ...plain } });
      if (await violates(changed)) actions = changed;
    }
  }
  let { setup } = script;
  for (const name of Object.keys(setup) as (keyof Setup)[]) {
    const { [name]: _, ...plainer } = setup;
    if (await violates(actions, plainer)) setup = plainer;
  }
  return { ...script, setup, actions };
}



/** A write's peculiarities, each left out. */
const PLAIN: readonly Partial<Op>[] = [
  { mode: null },
  { lane: null },
  { taskId: null, replace: false },
  { replace: false },
  { isAnonymous: false },
  { isRefused: false },
  { body: null },
  { draft: null },
  { document: null },
  { provides: false },
  { backend: 'api' },
];
