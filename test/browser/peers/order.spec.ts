/** What workbox-background-sync 7.4.1 sends twice or out of order, beside Holdfast. */
import { expect, owe, test, type Peer } from './peers.js';

test('two triggers set off a replay at the same moment', async ({ workbox, holdfast }) => {
  const bodies = ['a', 'b', 'c'];
  await owe(workbox, bodies);
  await workbox.server.listen();
  expect(await workbox.replayTwice()).toBeNull();
  expect(workbox.server.bodies().filter((body) => body === 'a')).toHaveLength(2);

  await owe(holdfast, bodies);
  await holdfast.server.listen();
  await Promise.all([holdfast.trigger(), holdfast.trigger()]);
  await holdfast.app.heard('delivered', 3);
  expect(holdfast.server.bodies()).toEqual(bodies);
});

test('a second trigger comes while the first request is on the wire, and that one fails', async ({ workbox, holdfast }) => {
  const scene = async (peer: Peer) => {
    await owe(peer, ['a', 'b', 'c']);
    let fail = () => {};
    peer.server.reply((_request, count) => (count > 0 ? { status: 201 } : new Promise((resolve) => (fail = () => resolve('reset')))));
    await peer.server.listen();
    await peer.trigger();
    await peer.server.arrived(1);
    return fail;
  };

  const failWorkbox = await scene(workbox);
  expect(await workbox.replay()).toBeNull();
  expect(workbox.server.bodies()).toEqual(['a', 'b', 'c']);
  failWorkbox();
  await expect.poll(async () => (await workbox.stored()).map(({ body }) => body)).toEqual(['a']);
  expect(await workbox.replay()).toBeNull();
  // The server has acted on b and c before a.
  expect(workbox.server.bodies()).toEqual(['a', 'b', 'c', 'a']);

  const failHoldfast = await scene(holdfast);
  await holdfast.trigger();
  // A call is heard after the calls before it: the second trigger has been looked at.
  await holdfast.app.call((sync) => sync.status());
  expect(holdfast.server.bodies()).toEqual(['a']);
  failHoldfast();
  await holdfast.app.heard('delivered', 3);
  expect(holdfast.server.bodies()).toEqual(['a', 'a', 'b', 'c']);
});

test('two queues fail at replay, one after the other', async ({ workbox, holdfast }) => {
  const scene = async (peer: Peer) => {
    await owe(peer, ['c1', 'c2', 'c3'], { path: '/api/chat' });
    await peer.post('a note', { path: '/api/notes' });
  };
  const chat = (peer: Peer) => peer.server.received.filter(({ path }) => path === '/api/chat').map(({ text }) => text);

  await scene(workbox);
  // What failed goes to the front: to one less than the smallest id in the database, whatever its queue. That's 0 for
  // the note, and 0 counts as none afterwards, so that c1 goes to the end.
  expect(await workbox.replay('notes')).toMatch('queue-replay-failed');
  expect(await workbox.replay('chat')).toMatch('queue-replay-failed');
  await workbox.server.listen();
  expect(await workbox.replay('chat')).toBeNull();
  expect(chat(workbox)).toEqual(['c2', 'c3', 'c1']);

  await scene(holdfast);
  const failed = async () => (await holdfast.app.types()).filter((type) => type === 'retrying').length;
  const before = await failed();
  await holdfast.trigger();
  await holdfast.app.heard('retrying', before + 1);
  await holdfast.server.listen();
  await holdfast.app.heard('delivered', 4);
  expect(chat(holdfast)).toEqual(['c1', 'c2', 'c3']);
});
