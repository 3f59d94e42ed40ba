import { describe, expect, test } from 'vitest';
import { createHarness, type Harness, type HarnessOptions } from '../support/harness.js';

const jwt = (claims: object) => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;
const [ann, bob] = [jwt({ sub: 'ann' }), jwt({ sub: 'bob' })];
const expired = () => Response.json({ code: 'token_expired' }, { status: 401 });

/** Stores what each user posts, with the network away, and comes back under a server that refuses all tokens. */
async function held(posts: [token: string, body: string][], options?: HarnessOptions): Promise<Harness> {
  const harness = createHarness(options);
  harness.goOffline();
  for (const [token, body] of posts) await harness.post(body, { token });
  harness.server(expired);
  harness.goOnline();
  await harness.api.wake('online');
  await harness.clock.advance(0);
  return harness;
}

const standing = async ({ api }: Harness) => {
  const { waiting, parked, needsSignIn } = await api.status();
  return { waiting, parked, needsSignIn };
};

describe('W10 status() speaks of the user who is signed in', () => {
  test('W10 a user whose token was refused needs to sign in, and a user with a fresh token does not', async () => {
    const harness = await held([[ann, 'a'], [ann, 'b']]);
    expect(await standing(harness)).toEqual({ waiting: 2, parked: 0, needsSignIn: true });
    expect((await harness.api.status()).backends).toMatchObject([{ waiting: 2, parked: 0, needsSignIn: true }]);
    harness.server(() => new Response(null, { status: 201 }));
    await harness.api.provideToken(jwt({ sub: 'ann', iat: 1 }));
    await harness.clock.advance(0);
    expect(await standing(harness)).toEqual({ waiting: 0, parked: 0, needsSignIn: false });
  });

  test('W10 what another user has left held is counted as parked, and asks the signed-in user for nothing', async () => {
    const harness = await held([[ann, 'a'], [ann, 'b']]);
    await harness.api.provideToken(bob);
    harness.goOffline();
    await harness.post('c', { token: bob });
    expect(await standing(harness)).toEqual({ waiting: 3, parked: 2, needsSignIn: false });
  });

  test('W10 after a restart of the worker, which forgets tokens, the last token’s user still counts as signed in', async () => {
    const harness = await held([[ann, 'a'], [ann, 'b']]);
    await harness.api.provideToken(bob);
    harness.goOffline();
    await harness.post('c', { token: bob });
    harness.restart();
    expect(await standing(harness)).toEqual({ waiting: 3, parked: 2, needsSignIn: false });
  });

  test('W10 a sign-out parks all entries, and asks for no sign-in', async () => {
    const harness = await held([[ann, 'a']]);
    await harness.api.signOut();
    expect(await standing(harness)).toEqual({ waiting: 1, parked: 1, needsSignIn: false });
  });

  test('W10 a session by cookie that has lapsed needs a sign-in, and another user’s session’s entries are parked', async () => {
    const harness = createHarness();
    await harness.api.signIn('ann');
    harness.goOffline();
    for (const name of ['a', 'b']) await harness.post(name);
    harness.server(() => new Response(null, { status: 401 }));
    harness.goOnline();
    await harness.api.wake('online');
    await harness.clock.advance(0);
    expect(await standing(harness)).toEqual({ waiting: 2, parked: 0, needsSignIn: true });
    await harness.api.signIn('bob');
    expect(await standing(harness)).toEqual({ waiting: 2, parked: 2, needsSignIn: false });
  });

  test('W10 a hold for want of a CSRF token asks for no sign-in', async () => {
    const harness = createHarness();
    harness.goOffline();
    await harness.post('a', { headers: { 'X-CSRF-Token': 'stale' } });
    harness.server(() => Response.json({ code: 'EBADCSRFTOKEN' }, { status: 403 }));
    harness.goOnline();
    await harness.api.wake('online');
    await harness.clock.advance(0);
    expect((await harness.api.entries())[0]).toMatchObject({ state: 'held', reason: 'csrf-expired' });
    expect(await standing(harness)).toEqual({ waiting: 1, parked: 0, needsSignIn: false });
  });

  test('W10 a parked dead letter that blocks its lane isn’t counted among the waiting', async () => {
    const harness = createHarness({ backends: [{ baseUrl: '/api', onDead: 'block' }] });
    harness.goOffline();
    for (const name of ['a', 'b']) await harness.post(name, { token: ann });
    harness.server(() => new Response(null, { status: 422 }));
    harness.goOnline();
    await harness.api.wake('online');
    await harness.clock.advance(0);
    await harness.api.provideToken(bob);
    expect(await harness.api.status()).toMatchObject({ waiting: 1, parked: 1, dead: 1 });
  });
});
