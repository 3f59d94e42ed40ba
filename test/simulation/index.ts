import { planOf } from './plan.js';
import { run } from './run.js';

export async function main(given: readonly string[]): Promise<number> {
  const [from = '1', count = '1', mode = ''] = given;
  const begin = performance.now();
  const totals: Record<string, number> = {};
  for (let seed = Number(from); seed < Number(from) + Number(count); seed++) {
    const result = await run(planOf(seed, 30), mode === 'trace');
    for (const [name, value] of Object.entries(result.counts)) totals[name] = (totals[name] ?? 0) + value;
    if (mode === 'trace') console.log(result.lines.join('\n'));
    for (const { check, why, ops } of result.violations) console.log(`seed ${seed}: ${check}: ${why} [${ops.join(' ')}]`);
  }
  const s = (performance.now() - begin) / 1000;
  console.log(JSON.stringify(totals), `${s.toFixed(1)} s, ${((totals['writes'] ?? 0) / s).toFixed(0)} writes/s`);
  return 0;
}
