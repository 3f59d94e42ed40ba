/**
 * What must be open before a retry. Separate from the retry policy, which says how long to wait.
 * Waiting here spends no attempt.
 */
export interface RetryGate {
  /**
   * Must settle at once when the gate is open.
   * Must reject with the signal's reason as soon as it's aborted.
   * Must leave no listener behind, however it ends.
   * Must look at the state again once its listener is in place.
   */
  awaitRetryAllowed(signal: AbortSignal): Promise<void>;
}

/** The gate that's always open. */
export const openGate: RetryGate = {
  awaitRetryAllowed: (signal) => (signal.aborted ? Promise.reject(signal.reason) : Promise.resolve()),
};

export interface Connectivity {
  isOnline(): boolean;
  /** Calls `listener` whenever the answer may have changed. Gives the way to stop it. */
  onChange(listener: () => void): () => void;
}

/** Open while the browser is online. */
export function connectivityGate({ isOnline, onChange }: Connectivity): RetryGate {
  return {
    awaitRetryAllowed: (signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        if (isOnline()) return resolve();
        const end = (settle: () => void) => {
          stop();
          signal.removeEventListener('abort', aborted);
          settle();
        };
        const look = () => isOnline() && end(resolve);
        const aborted = () => end(() => reject(signal.reason));
        const stop = onChange(look);
        signal.addEventListener('abort', aborted);
        look();
      }),
  };
}
