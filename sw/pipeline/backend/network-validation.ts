import { exponentialBackoff, fullJitter } from '../../policy/backoff.js';
import { isCaptivePortal } from '../../policy/captive-portal.js';
import type { Answer } from '../../policy/outcome.js';
import { DEFAULT_RETRY } from '../../policy/retry.js';
import type { Ports } from '../../ports.js';

/** Whether the network leads to a backend, and not to a login page of its own. */
export interface Validation {
  /** True, false, or a promise while the check is under way: one request at a time. */
  isValidated(): boolean | Promise<boolean>;
  /** Takes in an answer to a send, which a captive portal may have given in the backend's place. */
  heard(answer: Pick<Answer, 'status' | 'headers'>): void;
  /** Notes that the network may be another one by now. */
  invalidate(): void;
  /** When the backend last answered a HEAD; -Infinity for never in this worker's life. */
  readonly answeredAt: number;
  /**
   * Asks a URL by HEAD whether the backend answers at all, by an answer that began after the call. False for null, and once
   * `signal` is aborted. Calls at one time share a request. @param asked left out: the witness
   */
  isBackendThere(signal?: AbortSignal, asked?: string | null): Promise<boolean>;
  /** Asks by HEAD whether anything gets to a URL. */
  isReached(url: string, signal: AbortSignal): Promise<boolean>;
}

export interface ValidationParts {
  ports: Pick<Ports, 'clock' | 'chance' | 'send' | 'log'>;
  /** The URL to ask, absolute; null for no validation. */
  url: string | null;
  /** The URL to ask whether the backend answers at all, absolute; null for none. */
  witness: string | null;
  isSameOrigin: boolean;
  /** Called when the result may have changed, so that waiting gates look again. */
  changed(): void;
  /** Called with the headers of the backend's answer, for its clock. */
  noteClock(headers: Readonly<Record<string, string>>): void;
}

/** Resolves with false once `signal` is aborted. */
const whenAborted = (signal: AbortSignal) =>
  new Promise<boolean>((resolve) => {
    const abort = () => resolve(false);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
  });

const TIMEOUT_MS = 3_000;
const wait = fullJitter(exponentialBackoff(DEFAULT_RETRY.unreachable));

/**
 * Validates the network by a HEAD request, and only when an entry is to be sent. A missing answer proves nothing, as a
 * server need not allow the request across origins: then the network counts as validated, and the entry's own send shows.
 */
export function createValidation({ ports, url, witness, isSameOrigin, changed, noteClock }: ValidationParts): Validation {
  const { clock, chance, send, log } = ports;
  let isSure = url === null;
  let checking: Promise<boolean> | null = null;
  let portals = 0;
  let closedUntil = 0;
  /** Counts the calls of `invalidate`: a check that began before the last one is worthless. */
  let invalidations = 0;

  let answeredAt = -Infinity;
  /** The requests of `isBackendThere` under way, by their URLs. */
  const asking = new Map<string, Promise<boolean>>();

  const head = (init: RequestInit, asked: string, signal: AbortSignal) =>
    send(new Request(asked, { method: 'HEAD', cache: 'no-store', ...init }), signal);

  /** Asks a URL. An answer that may not be read across origins is an answer, too: over TLS nobody but the server can give it. */
  const reach = (asked: string, signal: AbortSignal) =>
    head({ redirect: 'manual' }, asked, signal).catch((error: unknown) => {
      if (isSameOrigin || !asked.startsWith('https:') || signal.aborted) throw error;
      return head({ mode: 'no-cors' }, asked, signal);
    });

  /** Runs a check; false when it fails, or takes too long. */
  function within(check: (signal: AbortSignal) => Promise<boolean>, signal?: AbortSignal): Promise<boolean> {
    const cut = new AbortController();
    const stopTimer = clock.after(TIMEOUT_MS, () => cut.abort());
    return check(signal ? AbortSignal.any([signal, cut.signal]) : cut.signal).catch(() => false).finally(stopTimer);
  }

  /** Asks whether the backend answers. A request under way may have been answered before the caller's failure, so that only its failure counts. */
  async function isThere(asked: string): Promise<boolean> {
    const earlier = asking.get(asked);
    if (earlier && !(await earlier)) return false;
    const current = asking.get(asked) ?? within(async (cut) => !(await isPortal(asked, cut))).finally(() => asking.delete(asked));
    asking.set(asked, current);
    return current;
  }

  async function isPortal(asked: string, signal: AbortSignal): Promise<boolean> {
    // A redirect's target is seen only by following it; across origins, following fails.
    const first = await reach(asked, signal);
    const answer = first.type === 'opaqueredirect' ? await head({}, asked, signal).catch(() => null) : first;
    if (answer === null) return true;
    const { headers } = answer;
    const isPortal = isCaptivePortal({ asked, url: answer.url || asked, status: answer.status, contentType: headers.get('content-type') });
    if (isPortal) return true;
    answeredAt = clock.now();
    noteClock(Object.fromEntries(headers));
    return false;
  }

  async function check(asked: string): Promise<boolean> {
    const before = invalidations;
    const found = await within((cut) => isPortal(asked, cut));
    if (invalidations !== before) return false;
    if (!found) {
      portals = 0;
      return (isSure = true);
    }
    if (portals === 0)
      log.warn(`[holdfast] ${asked} is answered as by a captive portal, so nothing is sent there. If the answer is the server's own, set the option validate`);
    const delayMs = wait(portals++, chance.fraction());
    closedUntil = clock.now() + delayMs;
    clock.after(delayMs, changed);
    return false;
  }

  return {
    isValidated() {
      if (isSure || url === null) return true;
      if (clock.now() < closedUntil) return false;
      return (checking ??= check(url).finally(() => {
        checking = null;
        if (!isSure && clock.now() >= closedUntil) changed();
      }));
    },
    heard({ status, headers }) {
      if (url === null || isCaptivePortal({ asked: url, url, status, contentType: headers['content-type'] ?? null })) return;
      isSure = true;
      closedUntil = 0;
    },
    invalidate() {
      invalidations++;
      isSure = url === null;
    },
    get answeredAt() {
      return answeredAt;
    },
    isBackendThere: async (signal, asked = witness) => asked !== null && Promise.race([isThere(asked), ...(signal ? [whenAborted(signal)] : [])]),
    isReached: (asked, signal) => within(async (cut) => (await reach(asked, cut), true), signal),
  };
}
