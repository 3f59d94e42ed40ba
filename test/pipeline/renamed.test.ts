import { describe, expect, test } from 'vitest';
import type { BackendOptions } from '../../sw/options.js';
import { checkpointKey } from '../../sw/policy/base-url.js';
import { createHarness, ORIGIN } from '../support/harness.js';
import { settle } from '../support/virtual-clock.js';

/** A worker whose next version has other backends. */
function updatable(...backends: BackendOptions[]) {
  const harness = createHarness({ backends });
  const update = async (...next: BackendOptions[]) => {
    backends.splice(0, backends.length, ...next);
    harness.restart();
    await harness.api.wake('connect');
    await settle();
  };
  return { ...harness, update };
}

describe('L4 what waits for a backend that an update has renamed', () => {
  const V1 = { baseUrl: '/api/v1' };
  const note = { path: '/api/v1/notes', token: 'fresh' };

  test('is counted and listed as such, told in the console, and can be cancelled', async () => {
    const { server, post, api, update, printed } = updatable(V1, { baseUrl: '/other' });
    server(() => new Response('down', { status: 503 }));
    expect((await post('a', { ...note, headers: { 'Holdfast-Id': 'a' } })).status).toBe(202);
    expect(await api.status()).toMatchObject({ waiting: 1, orphans: 0 });
    await update({ baseUrl: '/api/v2' }, { baseUrl: '/other' });
    expect(await api.status()).toMatchObject({ waiting: 0, orphans: 1, nextAttemptAt: null });
    expect(await api.entries({ state: 'orphaned' })).toMatchObject([{ id: 'a', state: 'orphaned' }]);
    expect(printed.filter((line) => line.includes('formerly'))).toHaveLength(1);
    expect(printed.join()).toContain(`${ORIGIN}/api/v1`);
    expect(await api.cancel('a')).toBe(true);
    expect(await api.status()).toMatchObject({ orphans: 0 });
  });

  test('is taken over by `formerly`, and sent in its order to its own URL, with a token, under its new key', async () => {
    const { server, post, api, update, printed, clock } = updatable(V1);
    const sent: string[] = [];
    server(() => new Response('down', { status: 503 }));
    for (const id of ['a', 'b']) await post(id, { ...note, headers: { 'Holdfast-Id': id } });
    server(async (request) => {
      sent.push(`${await request.text()} ${new URL(request.url).pathname} ${request.headers.get('authorization')}`);
      return new Response(null, { status: 201 });
    });
    await update({ baseUrl: '/api/v2', formerly: ['/api/v1/'] });
    await api.provideToken('fresh');
    await api.replay();
    await clock.advance(60_000);
    expect(sent).toEqual(['a /api/v1/notes Bearer fresh', 'b /api/v1/notes Bearer fresh']);
    expect(await api.settled(checkpointKey({ baseUrl: `${ORIGIN}/api/v2`, taskId: 'a' }))).toMatchObject({ state: 'delivered' });
    expect(await api.status()).toMatchObject({ waiting: 0, orphans: 0 });
    expect(printed.filter((line) => line.includes('formerly'))).toEqual([]);
  });

  test('a former base URL that’s a backend’s still is refused by install', () => {
    expect(() => createHarness({ backends: [V1, { baseUrl: '/api/v2', formerly: ['/api/v1'] }] })).toThrow(/backends\[1\]\.formerly/);
  });
});
