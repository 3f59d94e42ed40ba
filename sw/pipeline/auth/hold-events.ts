import type { HoldReason, SyncEvent } from '../../protocol/events.js';
import type { Backend } from '../backend/backend.js';
import { authGateOf, stepAuthGate } from '../backend/gates.js';

/** The console's line for a hold on an expired token or session, logged with the entry's id and its sends so far. */
export const holdLine = (reason: HoldReason): string => `[holdfast] hold — ${reason.replace('-', ' ')}`;

/** The fields that the events of a gate have in common. */
export const aboutGate = ({ config: { baseUrl, namespace } }: Backend, owner: string | null, at: number) => ({
  at,
  baseUrl,
  namespace,
  owner,
});

export const releasedEvent = (backend: Backend, owner: string | null, at: number): SyncEvent => ({
  type: 'released',
  ...aboutGate(backend, owner, at),
  generation: authGateOf(backend, owner).generation,
});

/** Opens the gate of a cookie session. Returns the event to emit; none where there was no hold. */
export function renewSession(backend: Backend, owner: string | null, at: number): SyncEvent[] {
  const { hold } = authGateOf(backend, owner, true);
  stepAuthGate(backend, owner, { type: 'renewed' }, true);
  return hold ? [{ type: 'released', ...aboutGate(backend, owner, at), generation: authGateOf(backend, owner, true).generation, reason: hold.reason }] : [];
}

/** The events of a closing gate: emitted once for each hold. */
export function holdEvents(
  backend: Backend,
  owner: string | null,
  reason: Exclude<HoldReason, 'signed-out'>,
  id: string | null,
  at: number,
): SyncEvent[] {
  const about = aboutGate(backend, owner, at);
  return [
    { type: 'held', ...about, reason, id },
    { type: 'auth-required', ...about, reason },
  ];
}
