import { expect, test } from 'vitest';
import { createNeighbours, workerLock } from '../../sw/pipeline/workers/neighbours.js';

test('D1 another worker may live where the locks can’t be asked, and nothing fails for it', async () => {
  const failing = { held: () => Promise.reject(new DOMException('lost', 'InvalidStateError')) };
  const neighbours = createNeighbours(failing, 'me', () => true);
  expect(await neighbours.any()).toBe(true);
  expect(await neighbours.reading(async () => 'heads')).toBe('heads');
  expect([neighbours.mayBe(), neighbours.mayHaveStored()]).toEqual([true, true]);
});

test('D1 another worker lives while its lock is held', async () => {
  const held = [workerLock('me'), workerLock('other')];
  const neighbours = createNeighbours({ held: async () => held }, 'me', () => true);
  expect(await neighbours.any()).toBe(true);
  held.pop();
  expect(await neighbours.any()).toBe(false);
});
