import { Hono } from 'hono';
import { expect, test } from 'vitest';
import type { DemoEnv } from '../../demo/server/env.js';
import { idempotent } from '../../demo/server/idempotency.js';

/** An app whose route says how often it was called, and answers with the status that the body says. */
function createApp() {
  let calls = 0;
  const app = new Hono<DemoEnv>().use(idempotent()).post('/reports', async (c) => {
    const { status } = await c.req.json<{ status: 201 | 500 }>();
    return c.json({ calls: ++calls }, status);
  });
  return async (key: string, body: object) => {
    const response = await app.request('/reports', { method: 'POST', headers: { 'Idempotency-Key': key }, body: JSON.stringify(body) });
    return [response.status, await response.json(), response.headers.get('Idempotent-Replayed')];
  };
}

test('E8 the demo’s server answers a key that it has seen with the first answer, and acts once', async () => {
  const send = createApp();
  const twins = await Promise.all([send('a', { status: 201 }), send('a', { status: 201 })]);
  expect(twins).toEqual([
    [201, { calls: 1 }, null],
    [201, { calls: 1 }, 'true'],
  ]);
  expect(await send('b', { status: 201 })).toEqual([201, { calls: 2 }, null]);
});

test('E8 the demo’s server refuses another body under a key that it has seen', async () => {
  const send = createApp();
  await send('a', { status: 201 });
  expect(await send('a', { status: 201, note: 'edited' })).toEqual([422, { code: 'idempotency_key_reused' }, null]);
});

test('E8 the demo’s server keeps no failure under a key', async () => {
  const send = createApp();
  expect(await send('a', { status: 500 })).toEqual([500, { calls: 1 }, null]);
  expect(await send('a', { status: 500 })).toEqual([500, { calls: 2 }, null]);
});
