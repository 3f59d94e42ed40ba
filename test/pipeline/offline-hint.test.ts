import { describe, expect, test } from 'vitest';
import { createHarness, type Harness } from '../support/harness.js';

const sends = ({ log }: Harness) => log.filter((line) => line.includes(' send '));

describe('the browser says wrongly that it\'s offline', () => {
  test('L5 a write is tried at the backoff\'s cap, and then all that waits', async () => {
    const harness = createHarness();
    harness.goOffline(true);
    expect(await (await harness.post('a')).json()).toMatchObject({ reason: 'offline' });
    await harness.post('b');
    await harness.clock.advance(29_000);
    expect(sends(harness)).toEqual([]);
    await harness.clock.advance(2_000);
    expect(sends(harness)).toEqual(['30000 send /api', '30000 send a', '30000 send b']);
    // The word has proved wrong, so the next write goes out at once.
    expect((await harness.post('c')).status).toBe(201);
  });

  test('L5 `replay()` tries at once', async () => {
    const harness = createHarness();
    harness.goOffline(true);
    await harness.post('a');
    await harness.api.replay();
    await harness.clock.advance(10);
    expect(sends(harness)).toEqual(['0 send a']);
    expect(await harness.api.entries()).toEqual([]);
  });

  test('L5 a failure makes the word count again', async () => {
    const harness = createHarness();
    harness.goOffline(true);
    harness.server(() => 'drop');
    await harness.post('a');
    await harness.api.replay();
    await harness.clock.advance(20_000);
    expect(sends(harness)).toEqual(['0 send a']);
    expect(await (await harness.post('b', { headers: { 'Holdfast-Lane': 'b' } })).json()).toMatchObject({ reason: 'offline' });
  });
});

test('L5 while it\'s offline in truth nothing is sent, and nobody is asked for a token, however long', async () => {
  const harness = createHarness();
  harness.goOffline();
  await harness.post('a', { token: 'secret' });
  await harness.clock.advance(3_600_000);
  expect(harness.log).toEqual(['0 queued offline']);
});
