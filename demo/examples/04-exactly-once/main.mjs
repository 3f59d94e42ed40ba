/**
 * Serves the example, by two processes with Postgres and by one with PGlite: `node demo/examples/04-exactly-once/main.mjs`.
 * Enter kills the process that has a write under way, or any; another takes its place.
 */
import cluster from 'node:cluster';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const PORT = Number(process.env.PORT ?? 4180);
const root = import.meta.dirname;

if (cluster.isPrimary) {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-example-'));
  const env = { FOLDER: folder, PORT: String(PORT) };
  /** Who has told last of a write. */
  let busy = 0;
  const start = () => {
    const worker = cluster.fork(env);
    worker.process.stderr.pipe(process.stderr);
    worker.process.stdout.on('data', (text) => {
      process.stdout.write(text);
      if (/ writes /.test(text)) busy = worker.id;
    });
  };
  cluster.setupPrimary({ exec: import.meta.filename, silent: true });
  const processes = process.env.DATABASE_URL === undefined ? 1 : 2;
  console.log(
    processes === 1
      ? 'PGlite belongs to one process; set DATABASE_URL for Postgres and two processes'
      : `${processes} processes share Postgres`,
  );
  for (let n = 0; n < processes; n++) start();
  cluster.on('listening', () => console.log(`http://localhost:${PORT} is up; Enter kills a process in the midst of its work`));
  // A process that wasn't killed has said why it can't go on.
  cluster.on('exit', (_worker, code, signal) => (signal ? start() : void end(code)));
  createInterface({ input: process.stdin }).on('line', () => {
    const { [busy]: last, ...others } = cluster.workers;
    (last ?? Object.values(others)[0])?.process.kill('SIGKILL');
  });
  const end = async (code) => {
    cluster.removeAllListeners('exit');
    for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
    process.exit(code);
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void end(0));
} else {
  // Node 20 runs no TypeScript, so vite loads the server.
  const { runnerImport } = await import('vite');
  const { module } = await runnerImport(`${root}/server/index.ts`, { root, configFile: false, logLevel: 'error' });
  await module.serve({ port: PORT, folder: process.env.FOLDER, page: join(root, 'page'), dist: join(root, '../../../dist') });
}
