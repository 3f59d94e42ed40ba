const LOOK_MS = 50;

/** Looks again and again until it's so. Gives false when it still isn't at the deadline. */
export async function until(isSo: () => Promise<boolean>, deadlineMs: number): Promise<boolean> {
  const end = performance.now() + deadlineMs;
  while (!(await isSo())) {
    if (performance.now() > end) return false;
    await after(LOOK_MS);
  }
  return true;
}

/** The promise, or null if it takes longer. */
export async function atMost<T>(promise: Promise<T>, ms: number): Promise<T | null> {
  const abort = new AbortController();
  try {
    return await Promise.race([promise, after(ms, abort.signal).then(() => null)]);
  } finally {
    abort.abort();
  }
}

/** For the passing of time that is part of a plan. */
export const after = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => clearTimeout(timer));
  });
