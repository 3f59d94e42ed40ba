import { createHash, randomUUID } from 'node:crypto';
import { request as send } from 'node:http';
import { json } from 'node:stream/consumers';
import { killTeller, startExample } from '../world/servers/layers/example.js';
import { after } from './waiting.js';

/** A write as the gateway passes it on: who asks is settled. */
export interface PassedOn {
  op: number;
  user: string;
  key: string | null;
  body: Buffer;
}

export interface UpstreamAnswer {
  status: number;
  headers: Record<string, string>;
  /** It's the first answer to the key, given again. */
  isKept: boolean;
}

/** A write that the server has in its database. */
export interface Row {
  op: number;
  user: string;
}

/** The server of `demo/examples/04-exactly-once`, with its processes and its database, behind the run's own as its gateway. */
export interface Upstream {
  /** Null where the process dies over it. */
  write(write: PassedOn): Promise<UpstreamAnswer | null>;
  /** Kills the process that writes this op next, in the midst of its transaction. Resolves at that write: false after `calm`. */
  killOver(op: number): Promise<boolean>;
  /** Ends the killing. Resolves when the server answers. */
  calm(): Promise<void>;
  /** What's in the database of this run, in the order in which it was written. */
  rows(): Promise<Row[]>;
  /** Begins a run of its own in the same database. */
  begin(): void;
  stop(): Promise<void>;
}

/** A write takes so long that a process can be killed in the midst of it. */
const WORK_MS = 25;
const LOOK_MS = 200;

/** What a gateway says while the only process is being started. Without a `Retry-After` the events of the retries would be more than the journal keeps. */
const AWAY: UpstreamAnswer = { status: 503, headers: { 'Retry-After': '1' }, isKept: false };

/** Starts it over PGlite, in one process, or over the Postgres of `DATABASE_URL`, in two. */
export async function startUpstream(): Promise<Upstream> {
  const example = await startExample({ WORK_MS: String(WORK_MS) });
  const url = `${example.origin}/api/notes`;
  // Ended by a signal, a process tells none of its children, unless it exits by itself.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  let run = randomUUID();
  let isCalm = false;
  return {
    write: ({ op, user, key, body }) =>
      new Promise((resolve) => {
        const text = [run, op, user, createHash('sha256').update(body).digest('hex')].join(' ');
        const headers = { Authorization: user, 'Content-Type': 'application/json', ...(key !== null && { 'Idempotency-Key': key }) };
        // Each on a connection of its own, so that the processes share them out.
        const sent = send(url, { method: 'POST', headers, agent: false }, (answered) => {
          const { 'retry-after': retryAfter, 'idempotent-replayed': replayed } = answered.headers;
          const answer = {
            status: answered.statusCode!,
            headers: retryAfter === undefined ? {} : { 'Retry-After': retryAfter },
            isKept: replayed === 'true',
          };
          answered.on('end', () => resolve(answer)).on('error', () => resolve(null)).resume();
        });
        sent.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'ECONNREFUSED' ? AWAY : null));
        sent.end(JSON.stringify({ text }));
      }),
    async killOver(op) {
      const line = await example.hears(` writes ${run} ${op} `);
      if (isCalm) return false;
      killTeller(line);
      return true;
    },
    async calm() {
      isCalm = true;
      await list();
    },
    async rows() {
      const texts = await list();
      return texts.map((text) => text.split(' ')).filter(([of]) => of === run).map(([, op, user]) => ({ op: Number(op), user: user! }));
    },
    begin() {
      run = randomUUID();
      isCalm = false;
    },
    stop: example.stop,
  };

  /** A process that was killed is back in some seconds, or in a minute on a machine that's busy. */
  async function list(): Promise<string[]> {
    for (;;) {
      const texts = await listed(url);
      if (texts) return texts;
      await after(LOOK_MS);
    }
  }
}

const listed = (url: string): Promise<string[] | null> =>
  new Promise((resolve) => {
    send(url, { agent: false }, (answered) => {
      resolve(answered.statusCode === 200 ? json(answered).then((texts) => texts as string[], () => null) : (answered.resume(), null));
    })
      .on('error', () => resolve(null))
      .end();
  });
