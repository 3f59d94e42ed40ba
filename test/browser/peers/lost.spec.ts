/** Requests that workbox-background-sync 7.4.1 loses at replay, beside Holdfast. */
import { expect, owe, test, type Peer } from './peers.js';

test('the worker dies in the middle of a replay', async ({ workbox, holdfast }) => {
  const scene = async (peer: Peer) => {
    await owe(peer, ['a write']);
    // The first is on the wire, and not answered, when the worker dies.
    peer.server.reply((_request, count) => (count === 0 ? 'hang' : { status: 201 }));
    await peer.server.listen();
    await peer.trigger();
    await peer.server.arrived(1);
    await peer.kill();
  };

  await scene(workbox);
  expect(await workbox.stored()).toEqual([]);
  expect(await workbox.replay()).toBeNull();
  expect(workbox.server.bodies()).toEqual(['a write']);

  await scene(holdfast);
  await holdfast.trigger();
  await holdfast.app.heard('delivered');
  expect(holdfast.server.bodies()).toEqual(['a write', 'a write']);
  const [first, again] = holdfast.server.received.map(({ headers }) => headers['idempotency-key']);
  expect(again).toBe(first);
});

test('the server answers a replay with a 500', async ({ workbox, holdfast }) => {
  const scene = async (peer: Peer) => {
    await owe(peer, ['a write']);
    peer.server.reply((_request, count) => ({ status: count === 0 ? 500 : 201 }));
    await peer.server.listen();
  };

  await scene(workbox);
  expect(await workbox.replay()).toBeNull();
  expect(await workbox.stored()).toEqual([]);
  expect(workbox.server.received).toHaveLength(1);

  await scene(holdfast);
  await holdfast.app.heard('delivered');
  expect(holdfast.server.received).toHaveLength(2);
});

test('the token has lapsed at replay, and the server answers with a 401', async ({ workbox, holdfast }) => {
  const scene = async (peer: Peer) => {
    peer.server.requireToken();
    await owe(peer, ['a write'], { headers: { Authorization: `Bearer ${await peer.server.refusedToken()}` } });
    await peer.server.listen();
  };

  await scene(workbox);
  expect(await workbox.replay()).toBeNull();
  expect(await workbox.stored()).toEqual([]);
  expect(workbox.server.received).toMatchObject([{ user: null }]);

  await scene(holdfast);
  await holdfast.app.heard('held');
  const fresh = await holdfast.server.token('ann');
  expect(await holdfast.app.call((sync, token: string) => sync.provideToken(token), fresh)).toBe('released');
  await holdfast.app.heard('delivered');
  expect(holdfast.server.received).toMatchObject([{ user: null }, { user: 'ann' }]);
});

test('a HEAD is among the waiting requests', async ({ workbox, holdfast }) => {
  const scene = async (peer: Peer) => {
    await owe(peer, ['a']);
    await peer.post('', { method: 'HEAD' });
    await peer.post('b');
  };
  const methods = (peer: Peer) => peer.server.received.map(({ method }) => method);

  await scene(workbox);
  expect(await workbox.stored()).toHaveLength(3);
  expect(await workbox.list()).toMatch(/TypeError.*GET\/HEAD method cannot have body/);
  await workbox.server.listen();
  // Taken off the disk, it throws before it's sent; what is behind it waits for the next sync.
  expect(await workbox.replay()).toMatch(/TypeError.*GET\/HEAD method cannot have body/);
  expect((await workbox.stored()).map(({ body }) => body)).toEqual(['b']);
  expect(await workbox.replay()).toBeNull();
  expect(methods(workbox)).toEqual(['POST', 'POST']);

  await scene(holdfast);
  expect((await holdfast.app.entries()).map(({ method }) => method)).toEqual(['POST', 'HEAD', 'POST']);
  await holdfast.server.listen();
  await holdfast.app.heard('delivered', 3);
  expect(methods(holdfast)).toEqual(['POST', 'HEAD', 'POST']);
});
