import { describe, expect, test } from 'vitest';
import { connectivityGate } from '../../sw/policy/retry-gate.js';
import { createHarness, type Harness } from '../support/harness.js';

const delivered = ({ events }: Harness) => events.filter(({ type }) => type === 'delivered').length;

/** Stores writes while the server is away, which is back then. */
async function stored(harness: Harness, names: string[]): Promise<void> {
  harness.goOffline();
  for (const name of names) await harness.post(name, { headers: { 'Holdfast-Id': name } });
  harness.goOnline();
}

describe('a hook that never settles', () => {
  test('L3 costs 30 s and its own entry, and its late answer is ignored and told once', async () => {
    const late: (() => void)[] = [];
    let isHanging = true;
    const harness = createHarness({ backends: [{ baseUrl: '/api', beforeSend: () => (isHanging ? new Promise<void>((resolve) => late.push(resolve)) : undefined) }] });
    await stored(harness, ['a', 'b', 'c']);
    await harness.api.wake('online');
    await harness.clock.advance(29_000);
    expect(harness.events.filter(({ type }) => type === 'failed')).toEqual([]);
    await harness.clock.advance(31_500);
    isHanging = false;
    await harness.clock.advance(31_000);
    expect((await harness.api.entries()).map(({ id, reason }) => [id, reason])).toEqual([['a', 'before-send'], ['b', 'before-send'], ['c', 'before-send']]);
    for (const answer of late) answer();
    await harness.clock.advance(10);
    expect(harness.printed.filter((line) => line.includes('Said once'))).toHaveLength(1);
    expect(delivered(harness)).toBe(0);
    await harness.api.retry('a');
    await harness.clock.advance(10);
    expect(delivered(harness)).toBe(1);
  });

  test('L3 a cancel of its entry frees the lane at once', async () => {
    const harness = createHarness({ backends: [{ baseUrl: '/api', beforeSend: (_, { id }) => (id === 'a' ? new Promise(() => {}) : undefined) }] });
    await stored(harness, ['a', 'b']);
    await harness.api.wake('online');
    await harness.clock.advance(1_000);
    expect(await harness.api.cancel('a')).toBe(true);
    await harness.clock.advance(10);
    expect(delivered(harness)).toBe(1);
    expect(harness.printed).toEqual([]);
  });
});

describe('a gate', () => {
  test('L3 that never settles is asked anew after 30 s', async () => {
    let asked = 0;
    const gate = { awaitRetryAllowed: () => (asked++ === 0 ? new Promise<void>(() => {}) : Promise.resolve()) };
    const harness = createHarness({ backends: [{ baseUrl: '/api', gate }] });
    await stored(harness, ['a']);
    await harness.look();
    await harness.clock.advance(29_000);
    expect(delivered(harness)).toBe(0);
    await harness.clock.advance(2_000);
    expect(delivered(harness)).toBe(1);
  });

  test('L3 whose validation never ends is asked anew after 30 s', async () => {
    let asked = 0;
    const gate = connectivityGate({ isOnline: () => true, onChange: () => () => {}, isValidated: () => (asked++ < 2 ? new Promise<boolean>(() => {}) : true) });
    const harness = createHarness({ backends: [{ baseUrl: '/api', gate }] });
    await stored(harness, ['a']);
    await harness.look();
    await harness.clock.advance(31_000);
    expect(delivered(harness)).toBe(1);
  });
});
