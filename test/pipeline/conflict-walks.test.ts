import { describe, expect, test } from 'vitest';
import { mergeJson } from '../../sw/policy/conflict.js';
import { oneOf, seeded, type Random } from '../chaos/random.js';
import { createHarness, type Reply } from '../support/harness.js';

type Note = Record<string, number>;

interface Kept {
  version: number;
  note: Note;
}

const PATHS = ['/api/notes/1', '/api/notes/2', '/api/notes/3'];

/**
 * A server that keeps notes with their versions and honours idempotency keys, over a network that loses requests and answers.
 * `lost` has what a write of ours has undone of others'.
 */
function createServer(random: Random, hasOthers: boolean) {
  const notes = new Map<string, Kept>(PATHS.map((path) => [path, { version: 1, note: {} }]));
  const answers = new Map<string, Kept>();
  const lost: string[] = [];
  const done: string[] = [];
  let writes = 0;
  let isCalm = false;

  /** Others write in what is theirs. */
  function othersWrite(): void {
    const path = oneOf(random, PATHS);
    const { version, note } = notes.get(path)!;
    notes.set(path, { version: version + 1, note: { ...note, theirs: ++writes } });
  }

  const answer = (status: number, { version, note }: Kept): Reply => Response.json(note, { status, headers: { ETag: `"${version}"` } });

  async function take(request: Request): Promise<Reply> {
    const { pathname: path } = new URL(request.url);
    const key = request.headers.get('idempotency-key')!;
    const known = answers.get(key);
    if (known) return answer(200, known);
    const kept = notes.get(path)!;
    const body = (await request.json()) as Note;
    if (request.headers.get('if-match') !== `"${kept.version}"`) return answer(412, kept);
    if (kept.note['theirs'] !== body['theirs']) lost.push(`${path} ${JSON.stringify(kept.note)} by ${JSON.stringify(body)}`);
    const next = { version: kept.version + 1, note: body };
    notes.set(path, next);
    answers.set(key, next);
    done.push(`${path} ${body['mine']}`);
    return answer(200, next);
  }

  return {
    notes,
    lost,
    done,
    calm: () => void (isCalm = true),
    async reply(request: Request): Promise<Reply> {
      if (request.method === 'HEAD') return new Response(null, { status: 204 });
      const fault = isCalm ? 1 : random();
      if (!isCalm && hasOthers && random() < 0.3) othersWrite();
      if (fault < 0.1) return 'drop';
      if (fault < 0.2) return new Response(null, { status: 503 });
      const given = await take(request);
      return fault < 0.3 ? 'drop' : fault < 0.35 ? 'hang' : given;
    },
  };
}

/** Makes edits of one version while the network comes and goes and workers die, and lets all of it come to an end. */
async function walk(seed: number, hasOthers: boolean) {
  const random = seeded(seed);
  const server = createServer(random, hasOthers);
  const harness = createHarness({ backends: [{ baseUrl: '/api', etags: 'follow', ...(hasOthers && { onConflict: mergeJson }) }], random: () => 0.5 });
  harness.server(server.reply);
  const newest = new Map<string, number>();
  harness.goOffline();
  for (let mine = 1; mine <= 8; mine++) {
    const path = oneOf(random, PATHS);
    newest.set(path, mine);
    await harness.fetch(path, { method: 'PUT', body: JSON.stringify({ mine }), headers: { 'If-Match': '"1"', 'Content-Type': 'application/json' } });
  }
  harness.goOnline();
  await harness.api.wake('online');
  for (let deaths = 0; deaths < 4; deaths++) {
    await harness.clock.advance(random() * 3_000);
    harness.restart();
    void harness.look();
  }
  server.calm();
  await harness.clock.advance(600_000);
  return { ...server, newest, status: await harness.api.status(), harness };
}

const SEEDS = Array.from({ length: 25 }, (_, index) => index + 1);

describe('edits made offline, while requests and answers are lost and workers die', () => {
  test('M7 of one version are all delivered, in their order, where nobody else writes', async () => {
    for (const seed of SEEDS) {
      const { notes, newest, status, done } = await walk(seed, false);
      expect([seed, status.waiting, status.dead]).toEqual([seed, 0, 0]);
      expect(done.length).toBe(8);
      for (const [path, mine] of newest) expect([seed, path, notes.get(path)!.note['mine']]).toEqual([seed, path, mine]);
    }
  });

  test('M6 M7 undo nothing that others wrote, and end as delivered, or as a dead letter after three rounds', async () => {
    let delivered = 0;
    for (const seed of SEEDS) {
      const { lost, status, harness, done } = await walk(seed, true);
      expect([seed, lost, status.waiting]).toEqual([seed, [], 0]);
      for (const { lastAnswer } of await harness.api.entries()) expect([seed, lastAnswer?.status]).toEqual([seed, 412]);
      delivered += new Set(done).size;
    }
    expect(delivered).toBeGreaterThan(100);
  });
});
