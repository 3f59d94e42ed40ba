import { describe, expect, test } from 'vitest';
import { createHarness, type Harness, type Reply } from '../support/harness.js';
import { settle } from '../support/virtual-clock.js';

const ok = () => new Response(null, { status: 201 });
const page = () => new Response('<!doctype html>', { headers: { 'Content-Type': 'text/html' } });
const sends = ({ log }: Harness) => log.filter((line) => line.includes(' send '));

interface Validated {
  harness: Harness;
  /** How validations are answered, and everything else. */
  serve(validation: () => Reply | Promise<Reply>, others?: () => Reply): void;
}

/** A backend on plain http, as a portal can answer in no other's name. */
function validated(validate?: string | false): Validated {
  const harness = createHarness({
    backends: [{ baseUrl: 'http://api.example/v1', validate: validate ?? 'http://api.example/v1', lane: (request) => request.url }],
  });
  const serve: Validated['serve'] = (validation, others = ok) =>
    harness.server((request) => (request.method === 'HEAD' ? validation() : others()));
  serve(ok);
  return { harness, serve };
}

/** Stores one entry that nobody could take. */
async function stored({ harness, serve }: Validated, name = 'a'): Promise<void> {
  serve(() => 'drop', () => 'drop');
  await harness.post(name, { path: `http://api.example/v1/${name}` });
  // A first send that fails has asked whether the server is away.
  const asked = harness.log.findLastIndex((line) => line.endsWith('send /v1'));
  if (asked > 0 && harness.log[asked - 1]!.endsWith(`send ${name}`)) harness.log.splice(asked, 1);
}

const online = async ({ api, clock }: Harness, ms = 0) => {
  await api.wake('online');
  await clock.advance(ms);
};

describe('R8 validation', () => {
  test('goes before the first replay after a failure, by HEAD, without a token', async () => {
    const it = validated();
    await stored(it);
    let seen: Request | null = null;
    it.harness.server((request) => {
      if (request.method === 'HEAD') seen = request;
      return ok();
    });
    await online(it.harness);
    expect(sends(it.harness).slice(1)).toEqual(['0 send /v1', '0 send a']);
    expect(seen!.headers.has('authorization')).toBe(false);
    expect(seen!.cache).toBe('no-store');
  });

  test('isn’t asked for when there’s nothing to send', async () => {
    const it = validated();
    for (let look = 0; look < 3; look++) await online(it.harness, 60_000);
    expect(sends(it.harness)).toEqual([]);
  });

  test('isn’t asked for again while the backend answers', async () => {
    const it = validated();
    it.serve(ok, () => new Response(null, { status: 500 }));
    await it.harness.post('a', { path: 'http://api.example/v1/a' });
    await it.harness.clock.advance(200_000);
    expect(sends(it.harness).every((line) => line.endsWith('send a'))).toBe(true);
  });

  test('is asked for one at a time for a backend, whatever waits', async () => {
    const it = validated();
    for (const name of ['a', 'b', 'c']) await stored(it, name);
    const before = sends(it.harness).length;
    let answer = () => {};
    it.serve(() => new Promise((resolve) => (answer = () => resolve(ok()))));
    for (let wake = 0; wake < 3; wake++) await it.harness.api.wake('visible').then(settle);
    expect(sends(it.harness).slice(before)).toEqual(['0 send /v1']);
    answer();
    await it.harness.clock.advance(10);
    expect(sends(it.harness).slice(before)).toHaveLength(4);
  });

  test('finds a captive portal, which takes nothing, is asked again with backoff, told once, and spends no attempt', async () => {
    const it = validated();
    await stored(it);
    it.serve(page, page);
    await online(it.harness, 120_000);
    const asked = sends(it.harness).slice(1);
    expect(asked.every((line) => line.endsWith('send /v1'))).toBe(true);
    expect(asked.length).toBeGreaterThan(5);
    expect(asked.length).toBeLessThan(15);
    expect(it.harness.printed.filter((line) => line.includes('captive portal'))).toHaveLength(1);
    expect(await it.harness.api.entries()).toMatchObject([{ state: 'pending', retries: 0, sends: 1 }]);
    it.serve(ok);
    await it.harness.clock.advance(31_000);
    expect(it.harness.log.at(-1)).toContain('delivered');
  });

  test('isn’t replaced by a portal’s answer to a page’s own request', async () => {
    const it = validated();
    it.serve(ok, () => new Response(null, { status: 500 }));
    await it.harness.post('a', { path: 'http://api.example/v1/a' });
    it.serve(page, page);
    await online(it.harness);
    expect((await it.harness.post('b', { path: 'http://api.example/v1/b' })).status).toBe(200);
    await it.harness.clock.advance(60_000);
    expect(sends(it.harness).filter((line) => line.endsWith('send a'))).toHaveLength(1);
    expect(await it.harness.api.entries()).toMatchObject([{ state: 'pending' }]);
  });

  test('without an answer proves nothing: a waiting entry finds out by itself, with its own backoff', async () => {
    const it = validated();
    await stored(it);
    await online(it.harness, 10_000);
    const tries = sends(it.harness).filter((line) => line.endsWith('send a')).length;
    expect(tries).toBeGreaterThan(2);
    expect(tries).toBeLessThan(8);
    // One validation for each try, and no more.
    expect(sends(it.harness).filter((line) => line.endsWith('send /v1'))).toHaveLength(tries - 1);
  });

  test('that hangs is given up after 3 s', async () => {
    const it = validated();
    await stored(it);
    it.serve(() => 'hang');
    await online(it.harness, 2_900);
    expect(sends(it.harness)).toHaveLength(2);
    await it.harness.clock.advance(200);
    expect(it.harness.log.at(-1)).toContain('delivered');
  });

  test('is asked for anew on another network, though the server has just answered', async () => {
    const it = validated();
    it.serve(ok, () => new Response(null, { status: 500 }));
    await it.harness.post('a', { path: 'http://api.example/v1/a' });
    it.serve(page, page);
    await online(it.harness, 10_000);
    expect(sends(it.harness)[1]).toContain('send /v1');
    expect(it.harness.log.some((line) => line.includes('delivered'))).toBe(false);
  });

  test('that a change of network has made worthless opens nothing', async () => {
    const it = validated();
    await stored(it);
    let answer = () => {};
    it.serve(() => new Promise((resolve) => (answer = () => resolve(ok()))), page);
    await online(it.harness);
    const first = answer;
    await it.harness.api.wake('offline');
    it.serve(page, page);
    first();
    await it.harness.clock.advance(5_000);
    expect(it.harness.log.some((line) => line.includes('delivered'))).toBe(false);
  });

  test('L1 asks the base URL by default; where that’s on this machine, only after a failure', async () => {
    for (const [baseUrl, asked] of [['/api', ['0 send /api', '0 send /api']], ['http://localhost:3000/api', ['0 send /api']]] as const) {
      const harness = createHarness({ backends: [{ baseUrl, validate: undefined as never }] });
      harness.server(() => 'drop');
      await harness.post('a', { path: `${baseUrl}/a` });
      harness.server(ok);
      await online(harness);
      expect(sends(harness)).toEqual(['0 send a', ...asked, '0 send a']);
    }
  });

  test('asks another URL, or nobody, as the option says', async () => {
    const elsewhere = validated('http://api.example/up');
    await stored(elsewhere);
    elsewhere.serve(ok);
    await online(elsewhere.harness);
    expect(sends(elsewhere.harness)[1]).toContain('send /up');
    const none = validated(false);
    await stored(none);
    none.serve(ok);
    await online(none.harness);
    await settle();
    expect(sends(none.harness).slice(1)).toEqual(['0 send a']);
  });

  test('by a wrong option fails at install', () => {
    for (const validate of ['', 'mailto:x', 7, true] as string[])
      expect(() => createHarness({ backends: [{ baseUrl: '/api', validate }] })).toThrow(/option "backends\[0\]\.validate"/);
    const gate = { awaitRetryAllowed: () => Promise.resolve() };
    expect(() => createHarness({ backends: [{ baseUrl: '/api', validate: '/up', gate }] })).toThrow(/one of its own/);
  });
});
