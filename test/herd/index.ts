import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { orExplained } from '../support/options.js';
import { readArguments } from './arguments.js';
import { figuresOf } from './figures.js';
import { plot } from './plot.js';
import { simulate } from './simulate.js';
import { STRATEGIES, VARIANTS } from './strategies.js';
import { setting, table } from './words.js';

/** The herd. Gives the exit code: 0, or 2 for a wrong argument. */
export async function main(given: readonly string[]): Promise<number> {
  const scenario = orExplained(() => readArguments(given));
  if (!scenario) return 2;
  const start = performance.now();
  console.log(`${setting(scenario)}\n`);
  const results = STRATEGIES.map((strategy) => simulate(scenario, strategy));
  const others = VARIANTS.map((strategy) => simulate(scenario, strategy));
  console.log(table([...results, ...others].map((result) => figuresOf(result, scenario))));

  // The herd's own page shows the herd of no arguments; another one mustn't take its place.
  const file = join(import.meta.dirname, given.length === 0 ? 'herd.svg' : '../../test-results/herd.svg');
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, plot(results, scenario));
  console.log(`\n${file}\n${((performance.now() - start) / 1000).toFixed(1)} s`);
  return 0;
}
