import { load } from './load-dbg.mjs';
const { run, planOf } = await load();
for (const s of process.argv.slice(2).map(Number)) { const script = planOf(s, 30); const r = await run(script); console.log(s, r.counts.writes, r.counts.turns, script.setup.onConflict, script.setup.conflictStatus, script.setup.givesUpAfter, script.setup.validates, script.setup.capture, script.setup.hasRemote, 'end', Math.round(JSON.parse(JSON.stringify(r.fingerprint.split(' ')[1])))); }
