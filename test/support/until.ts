import { vi } from 'vitest';

/** Waits until `check` throws no more, for as long as a busy machine may take: vitest's own patience is a second. */
export const until = <T>(check: () => T | Promise<T>): Promise<T> => vi.waitFor(check, { timeout: 15_000 });
