import { spawn } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createInterface } from 'node:readline';

const main = fileURLToPath(new URL('../../../../demo/examples/04-exactly-once/main.mjs', import.meta.url));

/** The server of demo/examples/04-exactly-once, as it's run. */
export interface Example {
  origin: string;
  /** What its processes have said: `<process id> <what>`. */
  said: string[];
  /** Resolves with the first line, of those said after the call, that has the text in it. */
  hears(text: string): Promise<string>;
  stop(): Promise<void>;
}

/** @param env `DATABASE_URL`, or none for PGlite; `WORK_MS` is how long a write takes */
export async function startExample(env: Record<string, string>): Promise<Example> {
  const port = await freePort();
  const child = spawn(process.execPath, [main], { env: { ...process.env, ...env, PORT: String(port) }, stdio: ['pipe', 'pipe', 'inherit'] });
  const kill = () => void child.kill();
  process.once('exit', kill);
  const said: string[] = [];
  let listeners: ((line: string) => void)[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    said.push(line);
    for (const listener of listeners) listener(line);
  });
  const hears = (text: string) =>
    new Promise<string>((resolve) => {
      const listener = (line: string) => {
        if (!line.includes(text)) return;
        listeners = listeners.filter((one) => one !== listener);
        resolve(line);
      };
      listeners.push(listener);
    });
  await hears('is up; Enter');
  return {
    origin: `http://127.0.0.1:${port}`,
    said,
    hears,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      process.off('exit', kill);
      kill();
      await ended;
    },
  };
}

/** Kills the process that has said a line, as the system does when it's short of memory: it can do nothing about it. */
export const killTeller = (line: string): void => void process.kill(Number(line.split(' ')[0]), 'SIGKILL');

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
