import type { Ports } from '../ports.js';

/** How long code of the app may take, in milliseconds. */
const DEADLINE_MS = 30_000;

/** Code of the app hasn't answered in time. */
export class DeadlineError extends Error {
  override name = 'DeadlineError';
}

/**
 * Awaits code of the app, for as long as its deadline. Rejects with a `DeadlineError` then, and with the reason of `given` as
 * soon as that is aborted. `work` gets a signal that is aborted at the same moment. An answer that comes later is ignored, and
 * told once for each name.
 */
export type Deadline = <T>(name: string, work: (signal: AbortSignal) => T | Promise<T>, given?: AbortSignal) => Promise<T>;

export function createDeadline({ clock, log }: Pick<Ports, 'clock' | 'log'>): Deadline {
  const told = new Set<string>();
  return (name, work, given) =>
    new Promise((resolve, reject) => {
      const cut = new AbortController();
      const { signal } = cut;
      const late = () => {
        if (told.has(name)) return;
        told.add(name);
        log.warn(`[holdfast] ${name} answered too late, and is ignored. Said once`);
      };
      const abort = () => cut.abort(given?.reason);
      const stop = clock.after(DEADLINE_MS, () => cut.abort(new DeadlineError(`${name} hasn't answered within ${DEADLINE_MS / 1000} s`)));
      const end = () => {
        stop();
        given?.removeEventListener('abort', abort);
      };
      signal.addEventListener('abort', () => {
        end();
        reject(signal.reason as Error);
      });
      given?.addEventListener('abort', abort);
      const call = async () => work(signal);
      void call()
        .then((value) => (signal.aborted ? late() : resolve(value)), reject)
        .finally(end);
      if (given?.aborted) abort();
    });
}
