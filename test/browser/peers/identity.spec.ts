/** As whom workbox-background-sync 7.4.1 sends what waits, and what the page hears of it, beside Holdfast. */
import { expect, owe, test, type Peer } from './peers.js';

const authorization = (token: string) => ({ Authorization: `Bearer ${token}` });

test('ann has signed out and bob has signed in, by tokens', async ({ workbox, holdfast }) => {
  const scene = async (peer: Peer, signOut = async () => {}) => {
    const token = await peer.server.token('ann');
    await owe(peer, ['ann’s write'], { headers: authorization(token) });
    await signOut();
    await peer.server.listen();
    await peer.post('bob’s write', { headers: authorization(await peer.server.token('bob')) });
    await peer.server.arrived(1);
    return token;
  };
  const writes = (peer: Peer) => peer.server.received.map(({ text, user }) => [text, user]);

  const token = await scene(workbox);
  expect(await workbox.stored()).toMatchObject([{ headers: { authorization: `Bearer ${token}` } }]);
  await workbox.replay();
  expect(writes(workbox)).toEqual([['bob’s write', 'bob'], ['ann’s write', 'ann']]);

  await scene(holdfast, () => holdfast.app.call((sync) => sync.signOut()));
  await holdfast.trigger();
  expect(await holdfast.app.entries()).toMatchObject([{ state: 'parked', owner: 'ann' }]);
  expect(writes(holdfast)).toEqual([['bob’s write', 'bob']]);
  await holdfast.app.call((sync, again: string) => sync.provideToken(again), await holdfast.server.token('ann'));
  await holdfast.server.arrived(2);
  expect(writes(holdfast)).toEqual([['bob’s write', 'bob'], ['ann’s write', 'ann']]);
});

test('ann has signed out and bob has signed in, by cookies', async ({ workbox, holdfast }) => {
  const session = (peer: Peer, user: string) => peer.page.evaluate((name) => void (document.cookie = `session=${name}`), user);
  const scene = async (peer: Peer, signIn = async (_user: string) => {}) => {
    await session(peer, 'ann');
    await signIn('ann');
    await owe(peer, ['ann’s write']);
    await session(peer, 'bob');
    await signIn('bob');
    await peer.server.listen();
  };
  const writes = (peer: Peer) => peer.server.received.map(({ text, headers }) => [text, headers.cookie]);

  await scene(workbox);
  await workbox.replay();
  expect(writes(workbox)).toEqual([['ann’s write', 'session=bob']]);

  const signIn = (user: string) => holdfast.app.call((sync, name: string) => sync.signIn(name), user);
  await scene(holdfast, signIn);
  await holdfast.post('bob’s write');
  await holdfast.server.arrived(1);
  await holdfast.trigger();
  expect(await holdfast.app.entries()).toMatchObject([{ state: 'parked', owner: 'ann' }]);
  await session(holdfast, 'ann');
  await signIn('ann');
  await holdfast.app.heard('delivered');
  expect(writes(holdfast)).toEqual([['bob’s write', 'session=bob'], ['ann’s write', 'session=ann']]);
});

test('the page asks what became of its write', async ({ workbox, holdfast }) => {
  const scene = async (peer: Peer) => {
    await peer.page.evaluate(() => {
      const messages: unknown[] = [];
      Object.assign(window, { messages });
      navigator.serviceWorker.addEventListener('message', ({ data }) => messages.push(data));
      navigator.serviceWorker.startMessages();
    });
    await peer.server.unlisten();
    return peer.post('a write');
  };

  // The same as for a request that nobody keeps, and not a word later.
  expect(await scene(workbox)).toBe(0);
  expect(await workbox.post('kept by nobody', { path: '/api/other' })).toBe(0);
  await workbox.server.listen();
  expect(await workbox.replay()).toBeNull();
  expect(workbox.server.bodies()).toEqual(['a write']);
  expect(await workbox.page.evaluate(() => (window as unknown as { messages: unknown[] }).messages)).toEqual([]);

  expect(await scene(holdfast)).toBe(202);
  const [entry] = await holdfast.app.entries();
  expect(entry).toMatchObject({ method: 'POST', url: `${holdfast.server.origin}/api/notes` });
  await holdfast.server.listen();
  await holdfast.app.heard('delivered');
  expect(await holdfast.app.types()).toEqual(expect.arrayContaining(['queued', 'delivered']));
  const settled = await holdfast.app.call(async (sync, id: string) => (await sync.settled(id)).status, entry!.id);
  expect(settled).toBe(201);
});
