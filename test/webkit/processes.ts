import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';

const running = new Set<ChildProcess>();

/** Starts a program as the head of its own group, which its children are in: WebKit is several processes. */
export function launch(program: string, args: readonly string[], env: Record<string, string> = {}, stdio: StdioOptions = 'ignore'): ChildProcess {
  const child = spawn(program, args, { detached: true, stdio, env: { ...process.env, ...env } });
  running.add(child);
  // Without a listener, a program that isn't there would throw here; whoever waits for it hears of it.
  child.once('error', () => running.delete(child));
  return child;
}

/** Ends the group at once, as a power cut would, and waits for its head. */
export async function kill(child: ChildProcess): Promise<void> {
  if (!running.delete(child)) return;
  const ended = child.exitCode !== null || child.signalCode !== null ? null : once(child, 'exit');
  killGroup(child);
  await ended;
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It's over already.
  }
}

// Detached ones don't hear of the terminal's Ctrl-C.
process.once('exit', () => running.forEach(killGroup));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
