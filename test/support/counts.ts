import type { SerializedError, TestModule } from 'vitest/node';

/** What a run of vitest came to. */
export interface Counts {
  passed: number;
  /** Each test that failed or never ended, each file that couldn't be read, each error outside of all tests. */
  failures: Failure[];
}

export interface Failure {
  title: string;
  message: string;
}

type Thrown = Pick<SerializedError, 'message' | 'stack'>;

const messageOf = (errors: readonly Thrown[]): string =>
  errors.map(({ stack, message }) => stack || message).join('\n') || 'it has no message';

function* failuresIn(module: TestModule): Generator<Failure> {
  const file = module.relativeModuleId;
  for (const test of module.children.allTests()) {
    const { state, errors } = test.result();
    if (state === 'failed') yield { title: `${file} > ${test.fullName}`, message: messageOf(errors) };
    if (state === 'pending') yield { title: `${file} > ${test.fullName}`, message: 'it never ended' };
  }
  for (const suite of module.children.allSuites())
    if (suite.errors().length > 0) yield { title: `${file} > ${suite.fullName}`, message: messageOf(suite.errors()) };
  if (module.errors().length > 0) yield { title: file, message: messageOf(module.errors()) };
}

/** What a run of `modules` came to; a run in which no test passed has failed. */
export function countsOf(modules: readonly TestModule[], outsideOfTests: readonly Thrown[]): Counts {
  const passed = modules.reduce((sum, module) => sum + [...module.children.allTests('passed')].length, 0);
  const failures = [
    ...modules.flatMap((module) => [...failuresIn(module)]),
    ...outsideOfTests.map((error) => ({ title: 'outside of all tests', message: messageOf([error]) })),
  ];
  if (passed + failures.length === 0) failures.push({ title: 'the run', message: 'it found no test' });
  return { passed, failures };
}
