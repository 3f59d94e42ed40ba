import { Hono } from 'hono';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { owe } from './mails.js';
import { once, type OnceEnv } from './once.js';

export interface AppOptions {
  /** How long the write of a note takes. */
  workMs: number;
  say(what: string): void;
}

/** An API of notes, each of which is written once and told of by one mail. */
export const createApp = (pool: Pool, { workMs, say }: AppOptions): Hono<OnceEnv> =>
  new Hono<OnceEnv>()
    // Who asks is settled before `once`, so a key is its user's own. There's no sign-in here.
    .use(async (c, next) => {
      c.set('user', c.req.header('Authorization') ?? 'anybody');
      await next();
    })
    .get('/api/notes', async (c) => {
      const { rows } = await pool.query<{ text: string }>('select text from notes order by id');
      return c.json(rows.map(({ text }) => text));
    })
    .post('/api/notes', once(pool), async (c) => {
      const { text } = await c.req.json<{ text?: unknown }>();
      if (typeof text !== 'string' || text === '') return c.json({ code: 'text_missing' }, 422);
      const tx = c.get('tx');
      const { rows } = await tx.query<{ id: string }>('insert into notes (author, text) values ($1, $2) returning id', [c.get('user'), text]);
      await owe(tx, `A new note: ${text}`);
      say(`writes ${text}`);
      await sleep(workMs);
      return c.json({ id: rows[0]!.id }, 201);
    });
