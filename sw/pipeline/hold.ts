import type { TokenResult } from '../protocol/api.js';
import type { HoldReason, SyncEvent } from '../protocol/events.js';
import type { AuthGateEffect } from '../policy/auth-gate.js';
import { isExpired, isOlder } from '../policy/jwt.js';
import type { Ports } from '../ports.js';
import { gateOf, stepGate, type Backend } from './backend.js';
import type { Report } from './report.js';

/** The auth hold: tokens in, releases out. */
export interface Holds {
  /** Takes a token for a backend. */
  provide(backend: Backend, value: string, scheme: string): Promise<TokenResult>;
  /** Learns the token of a request that the page makes itself. */
  learn(backend: Backend, value: string, scheme: string): Promise<void>;
  /** An entry needs a token that nobody has given yet. */
  missing(backend: Backend, owner: string | null): Promise<void>;
}

export function createHolds({ clock, digest, log }: Pick<Ports, 'clock' | 'digest' | 'log'>, report: Report): Holds {
  const provide: Holds['provide'] = async (backend, value, scheme) => {
    const owner = backend.config.owner(value);
    const mark = await digest(value);
    const live = backend.token;
    if (live?.value === value && live.scheme === scheme && !gateOf(backend, owner).hold) return 'ignored: same-token';

    const token = { type: 'token', digest: mark, expired: isExpired(value, clock.now()) } as const;
    const own = stepGate(backend, owner, token);
    const { effect } = own;
    if (effect === 'ignore-same') return 'ignored: same-token';
    if (effect === 'ignore-expired') return 'ignored: expired';
    const steps: { whose: string | null; effect: AuthGateEffect; undo(): void }[] = [{ whose: owner, ...own }];
    // Entries whose owner nobody knows travel with any token.
    if (owner !== null) steps.push({ whose: null, ...stepGate(backend, null, token) });
    const mine = { value, scheme, owner };
    backend.token = mine;

    const released = steps.filter((step) => step.effect === 'release');
    const events = released.map(({ whose }): SyncEvent => ({
      type: 'released',
      ...aboutGate(backend, whose, clock.now()),
      generation: gateOf(backend, whose).generation,
    }));
    if (released.length > 0) {
      try {
        await report.commit({ backend: backend.record, events });
        return 'released';
      } catch (error) {
        // The caller may try again, and is told the same then.
        for (const step of steps) step.undo();
        if (backend.token === mine) backend.token = live;
        throw error;
      }
    }
    const othersWait = Object.values(backend.record.gates).some((gate) => gate.hold);
    return othersWait ? 'other-owner' : 'stored';
  };

  return {
    provide,
    async learn(backend, value, scheme) {
      const { auth } = backend.config;
      const live = backend.token;
      if (!auth?.learn || live?.value === value) return;
      const owner = backend.config.owner(value);
      if (live && live.owner === owner && isOlder(value, live.value)) return;
      if (!isExpired(value, clock.now())) {
        // The page wants its request sent, whatever becomes of the others.
        await provide(backend, value, scheme).catch((error: unknown) =>
          log.error("[holdfast] the release of a hold can't be written", error),
        );
        return;
      }
      // It releases nothing. But when it's all there is, let the server judge: its clock counts, not ours.
      if (!live && !gateOf(backend, owner).hold) backend.token = { value, scheme, owner };
    },
    async missing(backend, owner) {
      const { effect, undo } = stepGate(backend, owner, { type: 'missing', at: clock.now() });
      if (effect !== 'hold') return;
      const events = holdEvents(backend, owner, 'token-missing', null, clock.now());
      try {
        await report.commit({ backend: backend.record, events });
      } catch (error) {
        // Nobody has been told of a hold, so there is none.
        undo();
        throw error;
      }
    },
  };
}

const aboutGate = ({ config: { baseUrl, namespace } }: Backend, owner: string | null, at: number) => ({
  at,
  baseUrl,
  namespace,
  owner,
});

/** What is said when a gate closes: once for each hold. */
export function holdEvents(
  backend: Backend,
  owner: string | null,
  reason: HoldReason,
  id: string | null,
  at: number,
): SyncEvent[] {
  const about = aboutGate(backend, owner, at);
  return [
    { type: 'held', ...about, reason, id },
    { type: 'auth-required', ...about, reason },
  ];
}
