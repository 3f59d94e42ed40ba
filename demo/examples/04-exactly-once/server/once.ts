import { createHash } from 'node:crypto';
import { createMiddleware } from 'hono/factory';
import type { Pool, PoolClient } from 'pg';

/** What a route behind `once` has: who asks, and the transaction to write in. */
export interface OnceEnv {
  Variables: { user: string; tx: PoolClient };
}

/**
 * Does a request once for each `Idempotency-Key` of a user: the key and what the route writes are in one transaction, so that
 * both are there after a crash, or neither.
 *
 * - The same request again gets the kept answer, marked with `Idempotent-Replayed`.
 * - Another request under the same key gets a 422.
 * - A request whose twin is under way waits for it, and gets a 409 with `Retry-After` after `waitMs`.
 * - Only success is kept: after a 401, a 422 or a 500 nothing was written, and the next attempt begins anew.
 *
 * @param waitMs shorter than the client's own patience (`networkTimeoutMs`, 10 s)
 */
export const once = (pool: Pool, waitMs = 8_000) =>
  createMiddleware<OnceEnv>(async (c, next) => {
    const given = c.req.header('Idempotency-Key');
    if (!given) return c.json({ code: 'idempotency_key_missing' }, 400);
    const key = `${c.get('user')} ${given}`;
    const { pathname, search } = new URL(c.req.url);
    const body = Buffer.from(await c.req.arrayBuffer());
    const print = createHash('sha256').update(`${c.req.method} ${pathname}${search} `).update(body).digest('hex');
    const tx = await pool.connect().catch(() => null);
    if (!tx) return c.json({ code: 'database_unavailable' }, 503, { 'Retry-After': '1' });
    try {
      await tx.query('begin');
      await tx.query(`set local lock_timeout = ${waitMs}`);
      // Waits while another transaction has the key.
      const { rowCount } = await tx.query('insert into once (key, print) values ($1, $2) on conflict do nothing', [key, print]);
      if (rowCount === 0) {
        const { rows } = await tx.query('select print, status, headers, body from once where key = $1', [key]);
        if (rows[0]?.print !== print) return c.json({ code: 'idempotency_key_reused' }, 422);
        const { status, headers, body } = rows[0];
        return new Response(body.length > 0 ? body : null, { status, headers: { ...headers, 'Idempotent-Replayed': 'true' } });
      }
      c.set('tx', tx);
      await next();
      if (!c.res.ok) return;
      const kept = [key, c.res.status, Object.fromEntries(c.res.headers), Buffer.from(await c.res.clone().arrayBuffer())];
      await tx.query('update once set status = $2, headers = $3, body = $4 where key = $1', kept);
      await tx.query('commit');
    } catch (error) {
      if ((error as { code?: string }).code !== LOCK_NOT_AVAILABLE) throw error;
      return c.json({ code: 'request_in_progress' }, 409, { 'Retry-After': '1' });
    } finally {
      // After a commit there's nothing to roll back. A connection that can't even do this is of no more use.
      await tx.query('rollback').then(
        () => tx.release(),
        (error: Error) => tx.release(error),
      );
    }
  });

const LOCK_NOT_AVAILABLE = '55P03';
