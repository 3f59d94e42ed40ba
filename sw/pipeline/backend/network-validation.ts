import { exponentialBackoff, fullJitter } from '../../policy/backoff.js';
import { isCaptivePortal } from '../../policy/captive-portal.js';
import type { Answer } from '../../policy/outcome.js';
import { DEFAULT_RETRY } from '../../policy/retry.js';
import type { Ports } from '../../ports.js';

/** Whether the network leads to a backend, and not to a login page of its own. */
export interface Validation {
  /** True, false, or a promise while it's being found out: one request at a time. */
  isValidated(): boolean | Promise<boolean>;
  /** The backend has answered, or somebody in its place. */
  heard(answer: Pick<Answer, 'status' | 'headers'>): void;
  /** It may be another network by now. */
  invalidate(): void;
}

export interface ValidationParts {
  ports: Pick<Ports, 'clock' | 'chance' | 'send' | 'log'>;
  /** Absolute; null for none. */
  url: string | null;
  /** Something may be different now: whoever waits looks again. */
  changed(): void;
  /** The backend has answered with these headers: its clock is among them. */
  noteClock(headers: Readonly<Record<string, string>>): void;
}

const TIMEOUT_MS = 3_000;
const wait = fullJitter(exponentialBackoff(DEFAULT_RETRY.unreachable));

/**
 * Asks by HEAD, and only for somebody who has something to send. No answer proves nothing, as a server
 * need not allow that request across origins: then what waits is sent and finds out.
 */
export function createValidation({ ports, url, changed, noteClock }: ValidationParts): Validation {
  const { clock, chance, send, log } = ports;
  let isSure = url === null;
  let checking: Promise<boolean> | null = null;
  let portals = 0;
  let closedUntil = 0;
  /** Counts what has made an earlier check worthless. */
  let invalidations = 0;

  const head = (redirect: RequestRedirect, asked: string, signal: AbortSignal) =>
    send(new Request(asked, { method: 'HEAD', cache: 'no-store', redirect }), signal);

  async function isPortal(asked: string, signal: AbortSignal): Promise<boolean> {
    // Where a redirect leads can only be seen by following it, and across origins only that it can't be.
    const first = await head('manual', asked, signal);
    const answer = first.type === 'opaqueredirect' ? await head('follow', asked, signal).catch(() => null) : first;
    if (answer === null) return true;
    const { headers } = answer;
    const isPortal = isCaptivePortal({ asked, url: answer.url || asked, status: answer.status, contentType: headers.get('content-type') });
    if (!isPortal) noteClock(Object.fromEntries(headers));
    return isPortal;
  }

  async function check(asked: string): Promise<boolean> {
    const before = invalidations;
    const cut = new AbortController();
    const stopTimer = clock.after(TIMEOUT_MS, () => cut.abort());
    const found = await isPortal(asked, cut.signal).catch(() => false);
    stopTimer();
    if (invalidations !== before) return false;
    if (!found) {
      portals = 0;
      return (isSure = true);
    }
    if (portals === 0)
      log.warn(`[holdfast] ${asked} is answered as by a captive portal, so nothing is sent there until it isn't. If that's the server's own answer, set the backend's option validate`);
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
  };
}
