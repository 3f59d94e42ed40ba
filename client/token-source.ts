import type { HoldReason, SyncEvent } from '../sw/protocol/events.js';
import type { SyncApi } from '../sw/protocol/api.js';

/** Why a token is asked for. */
export interface TokenRequest {
  reason: HoldReason;
  baseUrl: string;
  /** True when the server refused the last one, so the same again won't do. */
  rejected: boolean;
}

/** Gives a fresh token, or null when there's none to be had for now. */
export type GetToken = (request: TokenRequest) => string | null | undefined | Promise<string | null | undefined>;

const FIRST_RETRY_MS = 6_000;
const RETRIES = 10;

type Held = Pick<TokenRequest, 'baseUrl' | 'reason'> & { namespace: string };

export interface TokenSource {
  hear(event: SyncEvent): void;
}

/**
 * Asks the page's `getToken` when a hold wants a token: once at a time for a backend across all tabs.
 * What gives none is asked again, later and later, and whenever somebody looks at the page.
 */
export function feedTokens(
  api: Pick<SyncApi, 'provideToken' | 'status'>,
  getToken: GetToken,
  signal: AbortSignal,
): TokenSource {
  const tries = new Map<string, number>();
  const timers = new Map<string, ReturnType<typeof setTimeout>>();
  const asking = new Set<string>();

  const nameOf = ({ baseUrl, namespace }: Pick<Held, 'baseUrl' | 'namespace'>) => JSON.stringify([namespace, baseUrl]);

  const alone = (name: string, work: () => Promise<void>): Promise<void> =>
    navigator.locks ? navigator.locks.request(`holdfast:token:${name}`, work) : work();

  async function stillHeld(held: Held): Promise<boolean> {
    const { backends } = await api.status();
    return backends.some((backend) => nameOf(backend) === nameOf(held) && backend.holds.length > 0);
  }

  async function ask(held: Held): Promise<void> {
    const name = nameOf(held);
    if (asking.has(name) || signal.aborted) return;
    asking.add(name);
    clearTimeout(timers.get(name));
    try {
      await alone(name, async () => {
        // Another tab may have been quicker.
        if (!(await stillHeld(held))) return;
        const { baseUrl, namespace, reason } = held;
        const token = await getToken({ reason, baseUrl, rejected: reason === 'auth-expired' });
        const result = await api.provideToken(token, { baseUrl, namespace });
        if (result === 'ignored: blank') return askAgain(held);
        if (result.startsWith('ignored')) throw new Error(`the token was ${result}`);
        tries.delete(name);
      });
    } catch (error) {
      console.warn('[holdfast] getToken gave no fresh token, so it is asked again later', error);
      askAgain(held);
    } finally {
      asking.delete(name);
    }
  }

  function askAgain(held: Held): void {
    const name = nameOf(held);
    const tried = tries.get(name) ?? 0;
    tries.set(name, tried + 1);
    if (tried < RETRIES) timers.set(name, setTimeout(() => void ask(held), FIRST_RETRY_MS * 2 ** tried));
  }

  async function askForAll(): Promise<void> {
    const { backends } = await api.status();
    for (const { baseUrl, namespace, holds } of backends) {
      const [hold] = holds;
      if (hold) void ask({ baseUrl, namespace, reason: hold.reason });
    }
  }

  // A status that can't be had now is asked for on the next occasion.
  const look = () => void askForAll().catch(() => {});
  const on = { signal };
  addEventListener('focus', look, on);
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && look(), on);
  signal.addEventListener('abort', () => timers.forEach((timer) => clearTimeout(timer)));
  look();

  return {
    hear(event) {
      if (event.type === 'auth-required') void ask(event);
      if (event.type === 'released') {
        const name = nameOf(event);
        clearTimeout(timers.get(name));
        tries.delete(name);
      }
    },
  };
}
