import { DEFAULT_RETRY } from '../../policy/retry.js';
import type { Ports } from '../../ports.js';

/** The browser's word for being offline. */
export interface OfflineHint {
  /** The word is ignored: the backend has answered a HEAD in spite of it, or a user asks. Ends with the next failure. */
  isIgnored: boolean;
  /** Whether a try is worth while. */
  isOnline(): boolean;
}

export interface HintParts {
  ports: Pick<Ports, 'clock' | 'isOnline'>;
  isBackendThere(): Promise<boolean>;
  /** Whether any entry waits. */
  isOwing(): boolean;
  /** Called when the word begins to be ignored. */
  changed(): void;
}

/**
 * `navigator.onLine` is false behind many a VPN, and for a server on this very machine. So the word for being offline delays a
 * try to the backoff's cap, and forbids none: then a HEAD finds out.
 */
export function createOfflineHint({ ports: { clock, isOnline }, isBackendThere, isOwing, changed }: HintParts): OfflineHint {
  let isWaiting = false;

  function wait(): void {
    if (isWaiting) return;
    isWaiting = true;
    clock.after(DEFAULT_RETRY.unreachable.capMs, () => void look());
  }

  async function look(): Promise<void> {
    const isThere = !isOnline() && isOwing() && (await isBackendThere());
    isWaiting = false;
    if (isThere) {
      hint.isIgnored = true;
      changed();
    } else if (!isOnline() && isOwing()) wait();
  }

  const hint: OfflineHint = {
    isIgnored: false,
    isOnline() {
      if (isOnline()) hint.isIgnored = false;
      else if (!hint.isIgnored) wait();
      return isOnline() || hint.isIgnored;
    },
  };
  return hint;
}
