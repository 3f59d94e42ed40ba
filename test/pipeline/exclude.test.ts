import { describe, expect, test } from 'vitest';
import { createHarness } from '../support/harness.js';
import { jwt } from '../support/records.js';

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

describe('W1 requests for tokens', () => {
  test('are left to the network by default, whatever becomes of them', async () => {
    const { fetch, goOffline, api } = createHarness();
    goOffline();
    expect(await fetch('/api/auth/v1/token?grant_type=refresh_token', { method: 'POST', body: 'x' })).toBeNull();
    expect(await api.entries()).toEqual([]);
  });

  test('are kept where the app’s own `exclude` says so', async () => {
    const { post, goOffline, api } = createHarness({ backends: [{ baseUrl: '/api', exclude: () => false }] });
    goOffline();
    expect((await post('x', { path: '/api/token' })).status).toBe(202);
    expect((await post('grant_type=password', { headers: FORM })).status).toBe(202);
    expect(await api.entries()).toHaveLength(2);
  });

  test('are told by the grant in their body at any other URL: nothing is stored, and the page hears the truth', async () => {
    const { post, server, api } = createHarness();
    server(() => new Response(null, { status: 503 }));
    expect((await post('grant_type=refresh_token&refresh_token=x', { path: '/api/oauth', headers: FORM })).status).toBe(503);
    server(() => Promise.reject(new TypeError('Failed to fetch')));
    expect((await post('grant_type=refresh_token&refresh_token=x', { path: '/api/oauth', headers: FORM })).type).toBe('error');
    expect(await api.entries()).toEqual([]);
  });

  test('teach nothing: the refresh token that one carries isn’t sent with what waits', async () => {
    const { fetch, post, goOffline, goOnline, server, log, api } = createHarness();
    const claims = { sub: 'ann', iss: 'app' };
    await api.provideToken(jwt({ ...claims, iat: 1 }));
    goOffline();
    await post('a', { token: jwt({ ...claims, iat: 1 }) });
    await fetch('/api/refresh', { method: 'POST', headers: { Authorization: `Bearer ${jwt({ ...claims, iat: 2, type: 'refresh' })}` } });
    const sent: (string | null)[] = [];
    server((request) => {
      sent.push(request.headers.get('authorization'));
      return new Response(null, { status: 201 });
    });
    goOnline();
    await api.replay();
    await expect.poll(() => log.at(-1)).toContain('delivered');
    expect(sent).toEqual([`Bearer ${jwt({ ...claims, iat: 1 })}`]);
  });

  test('an `exclude` that throws is told of, and the default counts', async () => {
    const broken = () => {
      throw new Error('broken');
    };
    const { fetch, post, printed } = createHarness({ backends: [{ baseUrl: '/api', exclude: broken }] });
    expect(await fetch('/api/login', { method: 'POST' })).toBeNull();
    expect((await post('x')).status).toBe(201);
    expect(printed.join()).toContain('exclude threw');
  });
});
