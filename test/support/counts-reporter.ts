import { writeFile } from 'node:fs/promises';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';
import { countsOf } from './counts.js';

/** Writes what a run of vitest came to, as JSON, to the file that `HOLDFAST_COUNTS` names. */
export default class CountsReporter implements Reporter {
  async onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): Promise<void> {
    const file = process.env.HOLDFAST_COUNTS;
    if (!file) throw new Error('HOLDFAST_COUNTS must name the file to write to');
    await writeFile(file, JSON.stringify(countsOf(modules, unhandledErrors)));
  }
}
