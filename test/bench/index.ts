import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { seeded } from '../chaos/random.js';
import { UsageError } from '../support/options.js';
import { readArguments, type Arguments } from './arguments.js';
import { BARS, judgeAll } from './bars.js';
import { chart } from './chart.js';
import { createLedger, type Ledger } from './ledger.js';
import type { Context } from './measure.js';
import { MEASURES } from './measures/index.js';
import { openStage } from './stage.js';
import { barLines, tables } from './words.js';

/** The bench. Gives the exit code: 0, whatever it finds; 1 when it broke off, 2 for a wrong argument. */
export async function main(given: readonly string[]): Promise<number> {
  let wanted: Arguments;
  try {
    const names = MEASURES.map(({ name }) => name);
    wanted = readArguments(given, names, Math.floor(Math.random() * 2 ** 32));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    return 2;
  }
  const began = performance.now();
  const seconds = () => `${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s`;
  const say = (line: string) => console.error(`${seconds()}  ${line}`);
  const random = seeded(wanted.seed);
  const ledger = createLedger(seeded(wanted.seed));
  const stage = await openStage();
  say(`Chromium ${stage.browser}, seed ${wanted.seed}`);
  try {
    for (const { name, words, rounds, quickRounds, profiles, run } of MEASURES) {
      if (!wanted.only.includes(name)) continue;
      const count = wanted.rounds ?? (wanted.quick ? quickRounds : rounds);
      say(`${name}: ${words}; ${count} ${count === 1 ? 'round' : 'rounds'}`);
      const { profile } = wanted;
      const profiled = profile !== null && profiles ? profiler(profile, name) : null;
      await run({ stage, ledger, random, rounds: count, quick: wanted.quick, say, profiled });
    }
  } catch (error) {
    console.error('the bench broke off', error);
    return 1;
  } finally {
    await stage.close();
  }
  console.log(`\n${tables(ledger)}\n\nbars\n${barLines(BARS, ledger)}`);
  await write(wanted.json ?? resultFile(), `${JSON.stringify(results(wanted, ledger, stage.browser), null, 2)}\n`);
  if (wanted.svg !== null) await write(wanted.svg, chart(ledger));
  say('done');
  return 0;
}

function results({ seed, quick }: Arguments, ledger: Ledger, browser: string) {
  return {
    at: new Date().toISOString(),
    machine: { browser, node: process.version, cpus: cpus().length, platform: process.platform },
    seed,
    quick,
    bars: judgeAll(BARS, ledger),
    series: ledger.all(),
  };
}

/** Leaves a profile for every block of Holdfast's, in its order. What was profiled is slower. */
function profiler(folder: string, name: string): Context['profiled'] {
  let blocks = 0;
  return async ({ control }, work) => {
    const profile = await control!.profiled(work);
    await write(join(folder, `${name}-${String(blocks++).padStart(2, '0')}.cpuprofile`), JSON.stringify(profile));
  };
}

const resultFile = (): string => join(import.meta.dirname, 'results', `${new Date().toISOString().replaceAll(':', '-')}.json`);

async function write(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  console.log(`\n${file}`);
}
