import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test, vi } from 'vitest';
import { startLoad } from './load.js';

const lives = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('a load is there until it’s ended', async () => {
  const { pids, end } = await startLoad(2);
  expect(pids.map(lives)).toEqual([true, true]);
  await end();
  expect(pids.map(lives)).toEqual([false, false]);
});

test.each([
  ['is killed', 'SIGKILL', ''],
  ['is interrupted, as by Ctrl-C', 'SIGINT', ''],
  ['exits in the midst of its work', null, 'process.exit(3);'],
  ['crashes', null, 'setTimeout(() => { throw new Error("a crash"); });'],
] as const)('a load ends with a process that %s', async (_how, signal, then) => {
  const starter = spawn(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `import { runnerImport } from 'vite';
      const { module } = await runnerImport('${import.meta.dirname}/load.ts', { configFile: false, logLevel: 'error' });
      const { pids } = await module.startLoad(2);
      process.stdout.write(JSON.stringify(pids), () => { ${then} });`,
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const ended = once(starter, 'exit');
  const [said] = (await once(starter.stdout, 'data')) as [Buffer];
  const pids = JSON.parse(said.toString()) as number[];
  expect(pids).toHaveLength(2);
  if (signal) starter.kill(signal);
  await ended;
  try {
    await vi.waitUntil(() => !pids.some(lives), { timeout: 30_000 });
  } finally {
    for (const pid of pids.filter(lives)) process.kill(pid, 'SIGKILL');
  }
}, 60_000);
