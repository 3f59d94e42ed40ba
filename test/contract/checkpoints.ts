import { describe, expect, test } from 'vitest';
import type { Checkpoints } from '../../sw/ports.js';

/** What every checkpoint store must do. */
export function checkpointsContract(name: string, create: () => Checkpoints): void {
  describe(`checkpoints: ${name}`, () => {
    test('K6 gives null for a key that was never saved', async () => {
      expect(await create().load('never')).toBeNull();
    });

    test('K6 gives back what was saved last', async () => {
      const store = create();
      await store.save('a', '1');
      await store.save('a', '2');
      expect(await store.load('a')).toBe('2');
    });

    test('K6 clears one key and leaves the others', async () => {
      const store = create();
      await store.save('a|x|t', '1');
      await store.save('b|x|t', '2');
      await store.clear('a|x|t');
      expect(await store.load('a|x|t')).toBeNull();
      expect(await store.load('b|x|t')).toBe('2');
    });

    test('K6 doesn’t mind clearing a key that isn’t there', async () => {
      await expect(create().clear('missing')).resolves.toBeUndefined();
    });

    test('K6 tells an empty value from none', async () => {
      const store = create();
      await store.save('a', '');
      expect(await store.load('a')).toBe('');
    });
  });
}
