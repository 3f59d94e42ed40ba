import { PGlite } from '@electric-sql/pglite';
import { createPgConfig } from '@electric-sql/pglite/node-postgres';
import { createAdaptorServer } from '@hono/node-server';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createApp } from './app.js';
import { openDatabase } from './database.js';
import { sendNext, type Mail } from './mails.js';

const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript' };
const MAIL_MS = 500;

export interface ServerOptions {
  port: number;
  /** Where PGlite keeps its files, unless there's a `DATABASE_URL`. */
  folder: string;
  /** Where `index.html` is. */
  page: string;
  /** Where `holdfast.js` is. */
  dist: string;
}

/** One of the server's processes. */
export async function serve({ port, folder, page, dist }: ServerOptions): Promise<void> {
  const say = (what: string) => console.log(`${process.pid} ${what}`);
  const url = process.env.DATABASE_URL;
  // PGlite is Postgres in a folder, for one process with one connection. It's awaited here, as a pool gives up after some seconds.
  const pool = await openDatabase(url === undefined ? createPgConfig(await PGlite.create(folder)) : { connectionString: url });
  const app = createApp(pool, { workMs: Number(process.env.WORK_MS ?? 1_000), say });
  app.get('*', async (c) => {
    const path = c.req.path === '/' ? '/index.html' : c.req.path;
    const file = await readFile(join(path.startsWith('/holdfast') ? dist : page, path)).catch(() => null);
    if (!file) return c.notFound();
    return c.body(new Uint8Array(file), 200, { 'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream', 'Cache-Control': 'no-cache' });
  });
  createAdaptorServer({ fetch: app.fetch }).listen(port, '127.0.0.1', () => say('is up'));

  const send = async ({ id, text }: Mail) => say(`mails ${id}: ${text}`);
  for (;;) if (!(await sendNext(pool, send).catch(() => false))) await sleep(MAIL_MS);
}
