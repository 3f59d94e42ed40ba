/**
 * A gate that must be open before a retry. The retry policy is separate, and says how long to wait.
 * Waiting for the gate spends no attempt.
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
  /** Calls `listener` whenever the answer may have changed. Returns a function that removes the listener. */
  onChange(listener: () => void): () => void;
  /**
   * Whether the network leads to the server, and not to a login page of its own. Asked while the browser is
   * online; a promise means that the check is under way. @default it does
   */
  isValidated?(): boolean | Promise<boolean>;
}

/**
 * A gate that's open while the browser is online and the network validated: a captive portal doesn't count.
 *
 * @example
 * gate: connectivityGate({
 *   isOnline: () => navigator.onLine && !isMetered(),
 *   onChange: (listener) => {
 *     navigator.connection.addEventListener('change', listener);
 *     return () => navigator.connection.removeEventListener('change', listener);
 *   },
 * })
 */
export function connectivityGate({ isOnline, onChange, isValidated = () => true }: Connectivity): RetryGate {
  return {
    awaitRetryAllowed: (signal) =>
      new Promise((resolve, reject) => {
        let hasEnded = false;
        let stop = () => {};
        const end = (settle: () => void) => {
          hasEnded = true;
          stop();
          signal.removeEventListener('abort', aborted);
          settle();
        };
        const aborted = () => end(() => reject(signal.reason));
        const look = () => {
          if (hasEnded || !isOnline()) return;
          const validated = isValidated();
          if (validated === true) end(resolve);
          else if (validated) void validated.then(look, look);
        };
        if (signal.aborted) return aborted();
        look();
        if (hasEnded) return;
        stop = onChange(look);
        signal.addEventListener('abort', aborted);
        look();
      }),
  };
}
