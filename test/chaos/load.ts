import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Does nothing, as hard as it can, and looks now and then whether whoever started it still lives: the system closes
 * its end of the pipe with it, whatever it died of.
 */
const BUSY = `
process.stdin.on('close', () => process.exit()).resume();
(function spin() {
  const end = performance.now() + 20;
  while (performance.now() < end);
  setImmediate(spin);
})();
process.stdout.write('.');`;

/** Keeps the machine busy while others work on it. */
export interface Load {
  pids: number[];
  end(): Promise<void>;
}

/** Starts so many busy processes. They end with `end()`, and at the latest with this process. */
export async function startLoad(processes: number): Promise<Load> {
  const all = Array.from({ length: processes }, () =>
    // Each in a session of its own: where Linux shares its time out by sessions, all those of one count as one.
    spawn(process.execPath, ['--eval', BUSY], { stdio: ['pipe', 'pipe', 'inherit'], detached: true }),
  );
  await Promise.all(all.map(({ stdout }) => once(stdout, 'data')));
  return {
    pids: all.map(({ pid }) => pid!),
    end: async () => {
      await Promise.all(
        all.map((child) => {
          const ended = once(child, 'exit');
          child.kill('SIGKILL');
          return ended;
        }),
      );
    },
  };
}
