import type { Layer } from './layer.js';

/** What became of the first request, before the second one under its key. */
export const CASES = [
  'done',
  'under way',
  'cut, and under way',
  'cut, and done',
  'done with another body',
  'under way with another body',
  'answered with 401',
  'answered with 422',
  'answered with 500',
  'answered with 503',
  'thrown',
  'lost with its server',
] as const;

export type Case = (typeof CASES)[number];

/**
 * What's right for a client at the answer to its second request, when it has heard nothing of the first one, or the failure that
 * the case names.
 */
export type Right =
  | 'delivered'
  // It's under way. The lane waits, and no retry is spent.
  | 'asked again'
  // A failure that another try may mend.
  | 'retried'
  // The 401 did nothing, and a server may give it again: the second request has another key.
  | 'sent under a fresh key'
  // A dead letter that was perhaps delivered: no retry will get another answer.
  | 'in doubt'
  // A dead letter: nothing was done.
  | 'refused';

/** What becomes of the write in the end. */
export type End =
  | 'delivered'
  | 'in doubt'
  | 'refused'
  // It's asked now and then for as long as it's kept, as after any 502 or 503: a server that's away says the same.
  | 'rests';

/** The answer to the second request. */
export interface Answered {
  status: number;
  /** The headers that tell what kind of answer it is, by lower-case name; the server's own key as `(ours)`. */
  marks: Record<string, string>;
  /** The `code` in its JSON. */
  code?: string;
  /** It comes when the first request is done, and not before. */
  waits?: true;
  /** How often the write has been done in the end. */
  runs: number;
  right: Right;
}

export interface Row {
  packages: string[];
  setup?: string;
  /** @param url of a Postgres, where it needs one */
  open(url: string): Layer | Promise<Layer>;
  needs?: 'postgres';
  answers: Record<Case, Answered>;
}

/**
 * How it ends for a client that does what's right each time. Whoever asks again is answered in the end as after a first request
 * that's done; where it's never done, nobody knows.
 */
export function endOf(answers: Row['answers'], name: Case): End {
  const { right, runs, status } = answers[name];
  if (right === 'in doubt' || right === 'refused') return right;
  if (right === 'delivered' || right === 'sent under a fresh key') return 'delivered';
  if (runs === 0) return status === 502 || status === 503 ? 'rests' : 'in doubt';
  return endOf(answers, name.endsWith('another body') ? 'done with another body' : 'done');
}

const answered = (status: number, right: Right, marks: Record<string, string> = {}, rest: Partial<Answered> = {}): Answered => ({
  status,
  right,
  marks,
  runs: 1,
  ...rest,
});
const NEVER_DONE = { runs: 0 };
const WAITS = { waits: true } as const;

const OURS = { 'idempotency-key': '(ours)' };
const PLEASE_WAIT = { 'retry-after': '1' };
const REPLAYED = { 'idempotent-replayed': 'true' };

const REUSED = answered(422, 'in doubt', {}, { code: 'idempotency_key_reused' });
const BUSY = answered(409, 'asked again', PLEASE_WAIT, { code: 'request_in_progress' });

/** The example: an answer of success is kept, and whoever comes meanwhile waits for it. */
const EXAMPLE: Row['answers'] = {
  done: answered(201, 'delivered', REPLAYED),
  'under way': answered(201, 'delivered', REPLAYED, WAITS),
  'cut, and under way': answered(201, 'delivered', REPLAYED, WAITS),
  'cut, and done': answered(201, 'delivered', REPLAYED),
  'done with another body': REUSED,
  'under way with another body': { ...REUSED, ...WAITS },
  'answered with 401': answered(201, 'sent under a fresh key'),
  'answered with 422': answered(201, 'delivered'),
  'answered with 500': answered(201, 'delivered'),
  'answered with 503': answered(201, 'delivered'),
  thrown: answered(201, 'delivered'),
  'lost with its server': answered(201, 'delivered'),
};

export const LAYERS: Row[] = [
  {
    packages: ['hono', 'pg', '@electric-sql/pglite'],
    setup: 'demo/examples/04-exactly-once over PGlite',
    open: async () => (await import('./exactly-once.js')).openPglite(),
    answers: EXAMPLE,
  },
  {
    packages: ['hono', 'pg'],
    setup: 'demo/examples/04-exactly-once over Postgres',
    needs: 'postgres',
    open: async (url) => (await import('./exactly-once.js')).openPostgres(url),
    answers: EXAMPLE,
  },
  {
    packages: ['hono', 'pg'],
    setup: 'demo/examples/04-exactly-once over Postgres, waiting no longer than 50 ms',
    needs: 'postgres',
    open: async (url) => (await import('./exactly-once.js')).openPostgres(url, 50),
    answers: { ...EXAMPLE, 'under way': BUSY, 'cut, and under way': BUSY, 'under way with another body': BUSY },
  },
  {
    packages: ['hono'],
    setup: 'demo/server',
    open: async () => (await import('./demo.js')).openDemo(),
    // It needn't wait for what it has in memory.
    answers: { ...EXAMPLE, 'under way with another body': REUSED },
  },
  {
    packages: ['express-idempotency', 'express'],
    open: async () => (await import('./express-idempotency.js')).open(),
    answers: {
      done: answered(201, 'delivered', OURS),
      'under way': answered(409, 'asked again', OURS),
      'cut, and under way': answered(409, 'asked again', OURS),
      'cut, and done': answered(201, 'delivered', OURS),
      'done with another body': answered(417, 'in doubt', OURS),
      'under way with another body': answered(417, 'in doubt', OURS),
      'answered with 401': answered(201, 'sent under a fresh key', OURS),
      'answered with 422': answered(201, 'delivered', OURS),
      'answered with 500': answered(201, 'delivered', OURS),
      'answered with 503': answered(201, 'delivered', OURS),
      // For ever: nobody takes the lock away. No client can know, so it asks for as long as it's willing to.
      thrown: answered(409, 'asked again', OURS, NEVER_DONE),
      'lost with its server': answered(409, 'asked again', OURS, NEVER_DONE),
    },
  },
  {
    packages: ['@node-idempotency/core', 'express'],
    open: async () => (await import('./node-idempotency.js')).open(),
    answers: {
      done: answered(201, 'delivered', REPLAYED),
      'under way': answered(409, 'asked again', PLEASE_WAIT),
      'cut, and under way': answered(409, 'asked again', PLEASE_WAIT),
      'cut, and done': answered(201, 'delivered', REPLAYED),
      'done with another body': answered(422, 'in doubt'),
      'under way with another body': answered(409, 'asked again', PLEASE_WAIT),
      'answered with 401': answered(401, 'sent under a fresh key', REPLAYED, NEVER_DONE),
      'answered with 422': answered(422, 'refused', REPLAYED, NEVER_DONE),
      'answered with 500': answered(500, 'in doubt', REPLAYED, NEVER_DONE),
      'answered with 503': answered(503, 'in doubt', REPLAYED, NEVER_DONE),
      // For 24 hours, as the route's exception isn't seen by the middleware, and a dead server can't tell.
      thrown: answered(409, 'asked again', PLEASE_WAIT, NEVER_DONE),
      'lost with its server': answered(409, 'asked again', PLEASE_WAIT, NEVER_DONE),
    },
  },
  {
    packages: ['@aws-lambda-powertools/idempotency'],
    open: async () => (await import('./powertools.js')).open(),
    answers: {
      done: answered(201, 'delivered'),
      'under way': answered(502, 'retried'),
      'cut, and under way': answered(502, 'retried'),
      'cut, and done': answered(201, 'delivered'),
      // The answer to the first body. Nothing says so.
      'done with another body': answered(201, 'delivered'),
      'under way with another body': answered(502, 'retried'),
      'answered with 401': answered(401, 'sent under a fresh key', {}, NEVER_DONE),
      'answered with 422': answered(422, 'refused', {}, NEVER_DONE),
      'answered with 500': answered(500, 'retried', {}, NEVER_DONE),
      'answered with 503': answered(503, 'retried', PLEASE_WAIT, NEVER_DONE),
      thrown: answered(201, 'delivered'),
      // Until the time of the dead Lambda is over.
      'lost with its server': answered(502, 'retried', {}, NEVER_DONE),
    },
  },
  {
    packages: ['@dbos-inc/dbos-sdk', 'express'],
    setup: 'the key as workflowID',
    needs: 'postgres',
    open: async (url) => (await import('./dbos.js')).open(url),
    answers: {
      done: answered(201, 'delivered'),
      'under way': answered(201, 'delivered', {}, WAITS),
      'cut, and under way': answered(201, 'delivered', {}, WAITS),
      'cut, and done': answered(201, 'delivered'),
      // The answer to the first body. Nothing says so.
      'done with another body': answered(201, 'delivered'),
      'under way with another body': answered(201, 'delivered', {}, WAITS),
      'answered with 401': answered(401, 'sent under a fresh key', {}, NEVER_DONE),
      'answered with 422': answered(422, 'refused', {}, NEVER_DONE),
      'answered with 500': answered(500, 'retried', {}, NEVER_DONE),
      'answered with 503': answered(503, 'retried', PLEASE_WAIT, NEVER_DONE),
      thrown: answered(500, 'retried', {}, NEVER_DONE),
      // The next process finishes it by itself.
      'lost with its server': answered(201, 'delivered'),
    },
  },
];
