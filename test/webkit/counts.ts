import type { Vitest } from 'vitest/node';

export interface Counts {
  passed: number;
  failed: number;
}

/** What goes wrong outside of the tests counts as one that has failed, and so does a run without any. */
export function countsOf({ state }: Vitest): Counts {
  const modules = state.getTestModules();
  const states = modules.flatMap((one) => [...one.children.allTests()]).map((test) => test.result().state);
  const passed = states.filter((one) => one === 'passed').length;
  const notPassed = states.filter((one) => one === 'failed' || one === 'pending').length;
  const failed = notPassed + modules.flatMap((one) => one.errors()).length + state.getUnhandledErrors().length;
  return { passed, failed: passed + failed === 0 ? 1 : failed };
}
