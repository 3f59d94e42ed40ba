import { expect, test } from 'vitest';
import { checkpointKey } from '../../sw/policy/base-url.js';
import { createHarness } from '../support/harness.js';

const key = checkpointKey({ baseUrl: 'https://app.example/api', taskId: 'feed' });
const other = checkpointKey({ baseUrl: 'https://app.example/api', namespace: 'shop', taskId: 'feed' });

const token = (sub: string) => `h.${Buffer.from(JSON.stringify({ sub })).toString('base64url')}.s`;

test('S3 a checkpoint outlives the worker, and two namespaces don’t meet', async () => {
  const { api, restart } = createHarness();
  expect(await api.checkpoint(key)).toBeNull();
  await api.saveCheckpoint(key, '7');
  await api.saveCheckpoint(other, '9');
  restart();
  expect(await api.checkpoint(key)).toBe('7');
  await api.clearCheckpoint(key);
  await api.clearCheckpoint(key);
  expect(await api.checkpoint(key)).toBeNull();
  expect(await api.checkpoint(other)).toBe('9');
});

test('K6 the door takes checkpoint keys only, and values that a header can carry', async () => {
  const { api } = createHarness();
  for (const bad of ['feed', '', 7, null, undefined])
    for (const call of [api.checkpoint(bad as string), api.saveCheckpoint(bad as string, '1'), api.clearCheckpoint(bad as string)])
      await expect(call).rejects.toThrow(/option "key" is .*; it must be a checkpoint key/);
  for (const bad of [7, null, undefined, 'x'.repeat(65_537)])
    await expect(api.saveCheckpoint(key, bad as string)).rejects.toThrow(/option "value" is .*; it must be a string of 65536/);
  await api.saveCheckpoint(key, '');
  expect(await api.checkpoint(key)).toBe('');
});

test('T6 A16 a checkpoint from before a purge that comes to the worker late, as another worker has died over it, is gone', async () => {
  const { api, clock, madeAs } = createHarness();
  await api.provideToken(token('ann'));
  await clock.advance(1_000);
  const made = { at: clock.now(), again: true };
  await clock.advance(500);
  await api.signOut({ purge: true });
  await madeAs(made).saveCheckpoint(key, '7');
  expect(await api.checkpoint(key)).toBeNull();
  await clock.advance(500);
  await api.provideToken(token('ann'));
  await madeAs(made).saveCheckpoint(key, '7');
  expect(await api.checkpoint(key)).toBeNull();
  await api.saveCheckpoint(key, '8');
  await clock.advance(500);
  await madeAs({ ...made, at: clock.now() }).saveCheckpoint(key, '9');
  expect(await api.checkpoint(key)).toBe('9');
});
