import type { Rule } from '../sw/policy/rules.js';

/** Timers beyond this overflow. In milliseconds. */
export const LONGEST_TIMER = 2 ** 31 - 1;

/** Calls `task` once, `ms` from now. Gives the way to stop it. */
export type After = (ms: number, task: () => void) => () => void;

export const browserAfter: After = (ms, task) => {
  const timer = setTimeout(task, Math.min(ms, LONGEST_TIMER));
  return () => clearTimeout(timer);
};

export const abortSignal: Rule = [(signal: unknown) => signal instanceof AbortSignal, 'it must be an AbortSignal'];

/** Settles as `work` does, or rejects with the signal's reason, whichever comes first. Leaves no listener behind. */
export function unlessAborted<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** Waits, and rejects with the signal's reason when it's aborted. Leaves neither timer nor listener behind. */
export function wait(ms: number, signal?: AbortSignal, after: After = browserAfter): Promise<void> {
  let stop = () => {};
  return unlessAborted(signal, new Promise<void>((resolve) => (stop = after(ms, resolve)))).finally(() => stop());
}
