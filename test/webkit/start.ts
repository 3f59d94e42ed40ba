import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { launch } from './processes.js';

/** Starts Xvfb on a display that's free. It tells its number once it's ready. */
export async function startDisplay(program: string): Promise<{ process: ChildProcess; name: string }> {
  const args = ['-displayfd', '3', '-screen', '0', '1280x1024x24', '-nolisten', 'tcp'];
  const child = launch(program, args, {}, ['ignore', 'ignore', 'ignore', 'pipe']);
  const [said] = (await Promise.race([once(child.stdio[3] as Readable, 'data'), failure(child, program)])) as [Buffer];
  return { process: child, name: `:${said.toString().trim()}` };
}

/** Starts WebKitWebDriver on a port that's free. */
export async function startDriver(program: string, env: Record<string, string>): Promise<{ process: ChildProcess; url: string }> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = launch(program, [`--port=${port}`, '--host=local'], env);
  await Promise.race([answers(`${url}/status`), failure(child, program)]);
  return { process: child, url };
}

async function failure(child: ChildProcess, program: string): Promise<never> {
  const [code] = (await once(child, 'exit')) as [number | null];
  throw new Error(`${program} ended by itself, with ${code}`);
}

async function answers(url: string): Promise<void> {
  while (!(await fetch(url).then(({ ok }) => ok, () => false))) await new Promise((resolve) => void setTimeout(resolve, 20));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
