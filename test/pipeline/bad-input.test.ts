import { describe, expect, test } from 'vitest';
import { createHarness, type Harness } from '../support/harness.js';
import { jwt } from '../support/records.js';

const ann = jwt({ sub: 'ann' });
const sends = (log: string[]) => log.filter((line) => line.includes('send '));

/** One entry, held by a JWT 401. */
async function held(): Promise<Harness> {
  const harness = createHarness();
  harness.server(() => Response.json({ code: 'token_expired' }, { status: 401 }));
  await harness.post('a', { token: ann });
  expect(await harness.api.entries()).toMatchObject([{ state: 'held' }]);
  return harness;
}

/** Nothing lost, nothing released. */
async function isHeld({ api, clock, log }: Harness): Promise<void> {
  await clock.advance(60_000);
  expect(await api.entries()).toMatchObject([{ reason: 'auth-expired' }]);
  expect((await api.status()).backends).toMatchObject([{ waiting: 1, holds: [{ owner: 'ann' }] }]);
  expect(sends(log)).toHaveLength(1);
}

describe('a token that can’t be used', () => {
  test.each([
    ['has a line break', `${ann}\n${ann}`],
    ['has a line break and a header behind it', `${ann}\r\nX-Admin: 1`],
    ['is 1 MB long', 'x'.repeat(1_048_576)],
    ['isn’t ASCII', 'tökén'],
  ])('A6 a token that %s is refused by the name of the option', async (_name, token) => {
    const harness = await held();
    await expect(harness.api.provideToken(token)).rejects.toThrow(/option "token" is "\(\d+ characters\)"; it must be visible ASCII/);
    await isHeld(harness);
  });

  test.each([{}, [], 7, true, Symbol.iterator])('A6 %s in place of a token is refused', async (token) => {
    const harness = await held();
    await expect(harness.api.provideToken(token as never)).rejects.toThrow(/it must be a string, or null/);
    await isHeld(harness);
  });

  test.each(['soon', '9999999999', {}, [9_999_999_999], true])('A6 a JWT with an exp of %j releases nothing, as it can’t be shown to be good', async (exp) => {
    const harness = await held();
    expect(await harness.api.provideToken(jwt({ sub: 'ann', exp }))).toBe('ignored: expired');
    await isHeld(harness);
  });

  test('A15 a JWT whose sub is a number belongs to that owner, and to nobody else', async () => {
    const harness = await held();
    expect(await harness.api.provideToken(jwt({ sub: 7 }))).toBe('other-owner');
    await isHeld(harness);
    expect((await harness.post('seven’s', { token: jwt({ sub: 7 }) })).status).toBe(202);
    expect(await harness.api.entries()).toMatchObject([{ owner: 'ann' }, { owner: '7' }]);
  });

  test.each([{ sub: null }, { sub: {} }, { sub: '' }, {}])('A15 a JWT with the claims %j has no owner, and isn’t ann’s', async (claims) => {
    const harness = await held();
    expect(await harness.api.provideToken(jwt(claims))).toBe('other-owner');
    await isHeld(harness);
  });
});

describe('an error body that says nothing', () => {
  const bodies: [name: string, make: () => BodyInit][] = [
    ['isn’t JSON', () => '<!doctype html><h1>401</h1>'],
    ['is broken JSON', () => '{"code":"BadApiKey"'],
    ['is 10 MB of JSON', () => `{"code":"BadApiKey","more":"${'x'.repeat(10 * 1024 ** 2)}"}`],
    ['never ends', () => new ReadableStream({ start: (stream) => stream.enqueue(new TextEncoder().encode('{"code":')) })],
    ['is empty', () => ''],
  ];

  test.each(bodies)('A2 a 401 at replay whose body %s gives no reason, so it holds', async (_name, make) => {
    const harness = createHarness();
    harness.goOffline();
    await harness.post('a', { token: ann });
    harness.server(() => new Response(make(), { status: 401 }));
    harness.goOnline();
    await harness.api.wake('online');
    await harness.clock.advance(30_000);
    await isHeld(harness);
  });

  test.each(bodies)('A17 a 401 at the first send whose body %s gives no reason, so it holds', async (_name, make) => {
    const harness = createHarness();
    harness.server(() => new Response(make(), { status: 401 }));
    const answer = harness.fetch('/api/notes', { method: 'POST', body: 'a', headers: { Authorization: `Bearer ${ann}` } });
    await harness.clock.advance(30_000);
    expect((await answer)?.status).toBe(202);
    await isHeld(harness);
  });
});
