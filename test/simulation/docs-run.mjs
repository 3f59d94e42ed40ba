import { load } from './load-dbg.mjs';
const { run, planOf } = await load();
const [from, count] = process.argv.slice(2).map(Number);
let seeds = 0, turns = 0, writes = 0;
for (let s = from; s < from + count; s++) {
  const script = planOf(s, 30);
  if (script.setup.onConflict === undefined) continue;
  const r = await run(script); seeds++; turns += r.counts.turns; writes += r.counts.writes;
  if (r.violations.length) console.log(s, script.setup.onConflict, script.setup.followsEtags, script.setup.conflictStatus, r.violations.map((v) => `${v.check}: ${v.why} ${v.ops}`).join('\n  ').slice(0, 900));
}
console.log(seeds, 'seeds', turns, 'turns', writes, 'writes', process.cpuUsage().user / 1e6);
