import pg from 'pg';

const SCHEMA = `
  create table if not exists once (
    key text primary key,
    print text not null,
    status int,
    headers jsonb,
    body bytea,
    made timestamptz not null default now()
  );
  create table if not exists notes (id bigint generated always as identity primary key, author text not null, text text not null);
  create table if not exists mails (id uuid primary key default gen_random_uuid(), text text not null);
`;

/** How long a client may hold a write and send it again: `maxAgeMs`, 7 days, and a day for clocks. */
const FORGET = `delete from once where made < now() - interval '8 days'`;

const CONNECT_MS = 8_000;

/** A pool of connections with the tables there. A request waits for a connection as long as it waits for a key. */
export async function openDatabase(config: pg.PoolConfig): Promise<pg.Pool> {
  const pool = new pg.Pool(Object.assign(config, { connectionTimeoutMillis: CONNECT_MS }));
  // A connection may break while it's idle, or while a route works: the next query on it fails, and the next connection is new.
  pool.on('error', () => {}).on('connect', (client) => void client.on('error', () => {}));
  // Several processes begin at once, and "if not exists" alone doesn't keep them apart.
  await pool.query(`begin; select pg_advisory_xact_lock(1); ${SCHEMA} commit`);
  await pool.query(FORGET);
  setInterval(() => void pool.query(FORGET).catch(() => {}), 3_600_000).unref();
  return pool;
}
