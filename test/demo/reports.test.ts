import { expect, test } from 'vitest';
import { createDemoApp } from '../../demo/server/app.js';
import type { Report } from '../../demo/server/reports.js';

/** Somebody who is signed in at a demo's server, and whose writes have a key. */
async function signedIn() {
  const app = await createDemoApp();
  const ask = (path: string, init: RequestInit) => app.request(path, init, { incoming: { socket: {} } });
  const login = await ask('/auth/login', { method: 'POST', body: JSON.stringify({ user: 'mara', by: 'token' }), headers: { 'Content-Type': 'application/json' } });
  const { token } = (await login.json()) as { token: string };
  return async (method: string, path: string, key: string | null, body?: object, type = 'application/merge-patch+json') => {
    const headers = { Authorization: `Bearer ${token}`, ...(key !== null && { 'Idempotency-Key': `"${key}"` }), ...(body && { 'Content-Type': type }) };
    const response = await ask(`/api/reports${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : (JSON.parse(text) as unknown), replayed: response.headers.get('Idempotent-Replayed') };
  };
}

test('M2 the demo’s server marks a report done by a merge patch, and says what else it can’t patch', async () => {
  const ask = await signedIn();
  expect(await ask('PATCH', '/seed-1', 'a', { done: true })).toMatchObject({ status: 200, body: { id: 'seed-1', done: true } });
  expect(await ask('PATCH', '/seed-1', 'b', { done: null })).toMatchObject({ status: 422 });
  expect(await ask('PATCH', '/temp-1', 'c', { done: true })).toMatchObject({ status: 404 });
});

test('E8 M2 the demo’s server answers a DELETE that it has seen with the first answer, and a new one with a 404', async () => {
  const ask = await signedIn();
  expect(await ask('DELETE', '/seed-1', 'a')).toEqual({ status: 204, body: null, replayed: null });
  expect(await ask('DELETE', '/seed-1', 'a')).toEqual({ status: 204, body: null, replayed: 'true' });
  expect(await ask('DELETE', '/seed-1', 'b')).toMatchObject({ status: 404 });
  const { body } = await ask('GET', '', null);
  expect((body as Report[]).map(({ id }) => id)).toEqual(['seed-2', 'seed-3']);
});
