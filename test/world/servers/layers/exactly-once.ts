// demo/examples/04-exactly-once, with hono 4.13.19 and pg 8.23.1, over @electric-sql/pglite 0.5.17 or Postgres
import { PGlite } from '@electric-sql/pglite';
import { createPgConfig } from '@electric-sql/pglite/node-postgres';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import pg, { type Pool, type PoolConfig } from 'pg';
import { openDatabase } from '../../../../demo/examples/04-exactly-once/server/database.js';
import { once, type OnceEnv } from '../../../../demo/examples/04-exactly-once/server/once.js';
import { bodyOf, type Act, type Layer } from './layer.js';

const app = (pool: Pool, act: Act, waitMs?: number) =>
  new Hono<OnceEnv>()
    .use(async (c, next) => {
      c.set('user', 'ann');
      await next();
    })
    .onError((_error, c) => c.json({}, 500))
    .post('/api/notes', once(pool, waitMs), async (c) => {
      const { text } = await c.req.json<{ text: string }>();
      await c.get('tx').query('insert into notes (author, text) values ($1, $2)', [c.get('user'), text]);
      const { status, headers } = await act(text);
      return c.json(bodyOf(status), status as ContentfulStatusCode, headers);
    });

/** @param crash what becomes of the connections of a process that dies */
function layer(config: () => PoolConfig, crash: () => Promise<unknown>, waitMs?: number): Layer {
  let pool: Promise<Pool> | null = null;
  return {
    async listener(act) {
      pool ??= openDatabase(config());
      return getRequestListener(app(await pool, act, waitMs).fetch);
    },
    async crash() {
      await crash();
      pool = null;
    },
    close: async () => (await pool)?.end(),
  };
}

export async function openPglite(): Promise<Layer> {
  const pglite = await PGlite.create();
  // As Postgres does for a lost connection. Here both servers share the only one that there is.
  return layer(() => createPgConfig(pglite), () => pglite.exec('rollback'));
}

/** @param waitMs how long a request waits for its twin */
export function openPostgres(url: string, waitMs?: number): Layer {
  const hangUp = async () => {
    const client = new pg.Client(url);
    await client.connect();
    await client.query('select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = $1', [NAME]);
    await client.end();
  };
  return layer(() => ({ connectionString: url, application_name: NAME }), hangUp, waitMs);
}

const NAME = 'exactly-once';
