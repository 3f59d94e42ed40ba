import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { seeded } from '../chaos/random.js';
import { orExplained } from '../support/options.js';
import { readArguments, type Arguments } from './arguments.js';
import { BARS, judgeAll } from './bars.js';
import { chart } from './chart.js';
import { createLedger, type Ledger } from './ledger.js';
import type { Context } from './measure.js';
import { MEASURES } from './measures/index.js';
import { openStage } from './stage.js';
import { barLines, tables } from './words.js';

/** So often a measurement is made again. */
const CRASHES = 2;

/** The bench. Gives the exit code: 0, whatever it finds; 1 when a measurement broke off, 2 for a wrong argument. */
export async function main(given: readonly string[]): Promise<number> {
  const wanted = orExplained(() => readArguments(given, MEASURES, Math.floor(Math.random() * 2 ** 32)));
  if (!wanted) return 2;
  const began = performance.now();
  const seconds = () => `${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s`;
  const say = (line: string) => console.error(`${seconds()}  ${line}`);
  const random = seeded(wanted.seed);
  const ledger = createLedger(seeded(wanted.seed));
  let stage = await openStage(wanted.firefox);
  say(`${wanted.firefox ? 'Firefox' : 'Chromium'} ${stage.browser}, seed ${wanted.seed}`);
  const failures: string[] = [];
  for (const { name, words, rounds, quickRounds, profiles, run } of MEASURES) {
    if (!wanted.only.includes(name)) continue;
    const count = wanted.rounds ?? (wanted.quick ? quickRounds : rounds);
    say(`${name}: ${words}; ${count} ${count === 1 ? 'round' : 'rounds'}`);
    const { profile } = wanted;
    const profiled = profile !== null && profiles ? profiler(profile, name) : null;
    for (let crashes = 0; ; ) {
      try {
        await run({ stage, ledger, random, rounds: count, quick: wanted.quick, say, profiled });
        break;
      } catch (error) {
        // Figures of something that didn't happen are none.
        ledger.forget(name);
        const hasCrashed = await stage.hasCrashed();
        if (hasCrashed) {
          await stage.close();
          stage = await openStage(wanted.firefox);
        }
        // What Chromium does to itself says nothing of anybody: stopped workers make it crash now and then.
        if (hasCrashed && crashes++ < CRASHES) {
          say(`${name} is made again, as the browser has crashed`);
          continue;
        }
        console.error(`${name} broke off`, error);
        failures.push(`${name} broke off: ${String(error)}`);
        break;
      }
    }
  }
  await stage.close();
  console.log(`\n${tables(ledger)}\n\nbars\n${barLines(BARS, ledger)}`);
  await write(wanted.json ?? resultFile(), `${JSON.stringify(results(wanted, ledger, failures, stage.browser), null, 2)}\n`);
  if (wanted.svg !== null) await write(wanted.svg, chart(ledger));
  for (const failure of failures) console.error(`\nFAILED: ${failure}`);
  say('done');
  return failures.length > 0 ? 1 : 0;
}

function results({ seed, quick }: Arguments, ledger: Ledger, failures: string[], browser: string) {
  return {
    at: new Date().toISOString(),
    machine: { browser, node: process.version, cpus: cpus().length, platform: process.platform },
    seed,
    quick,
    failures,
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
