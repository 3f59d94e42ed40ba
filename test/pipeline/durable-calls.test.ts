import { expect, test } from 'vitest';
import type { SyncApi } from '../../sw/protocol/api.js';
import { createHarness } from '../support/harness.js';
import { settle } from '../support/virtual-clock.js';

const CALLS: [string, (api: SyncApi) => Promise<unknown>][] = [
  ['provideToken', (api) => api.provideToken('fresh')],
  ['signIn', (api) => api.signIn('ann')],
  ['signOut', (api) => api.signOut()],
  ['signOut with a purge', (api) => api.signOut({ purge: true })],
  ['configure', (api) => api.configure({ autoRetry: false })],
  ['pause', (api) => api.pause()],
  ['resume', (api) => api.resume()],
  ['retry', (api) => api.retry('dead')],
  ['discard', (api) => api.discard('dead')],
  ['edit', (api) => api.edit('dead', { body: 'b' })],
  ['cancel', (api) => api.cancel('waiting')],
];

test.each(CALLS)('D1 %s is answered when what it asks for is on disk, and not before', async (_, ask) => {
  const harness = createHarness();
  const { api, outbox, post, server, clock } = harness;
  server(() => new Response(null, { status: 503 }));
  await post('a', { headers: { 'Holdfast-Id': 'dead' } });
  server(() => new Response(null, { status: 422 }));
  await clock.advance(120_000);
  harness.goOffline();
  await post('b', { headers: { 'Holdfast-Id': 'waiting' } });
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  const { commit, sweep } = outbox;
  outbox.commit = (one) => held.then(() => commit(one));
  outbox.sweep = (one) => held.then(() => sweep(one));
  let isAnswered = false;
  const asking = ask(api).then(() => (isAnswered = true));
  await settle();
  expect(isAnswered).toBe(false);
  release();
  await asking;
});
