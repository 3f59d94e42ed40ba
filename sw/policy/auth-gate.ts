import type { HoldReason } from '../protocol/events.js';

/**
 * The auth gate of one backend and one owner, for tokens or for a cookie session.
 *
 * ```
 *            refused (its generation is the live one), missing
 *   ┌──────┐ ─────────────────────────────────────────────────▶ ┌──────┐
 *   │ open │                                                     │ held │ ─┐ refused, missing,
 *   └──────┘ ◀─────────────────────────────────────────────────  └──────┘ ◀┘ a stale or the refused token
 *     │  ▲     a fresh token: generation + 1, probing
 *     └──┘
 *   served: probing ends    token: generation + 1    refused (an older generation): resend
 *   signed-out: generation + 1, so that a late 401 holds nothing; a hold stays, and with it what was refused
 *   stirred: a hold stays, and one entry tries; renewed: as a fresh token
 * ```
 *
 * A cookie session has a gate of the same kind, apart from the token's gate of the same owner. The worker doesn't see the
 * cookie, so `renewed` takes the place of a token, and `stirred` says that the session may be live again.
 *
 * While nobody is signed in, the whole backend parks entries that need a token (`BackendRecord.signedOut`).
 */
export interface AuthGate {
  /** Counts the fresh tokens that have come to this gate, or the renewals of the session, and the sign-outs: the count tells a stale 401 from a real one. */
  generation: number;
  hold: Hold | null;
  /** One entry tries the fresh token, or the session; the others wait for its answer. */
  probing: boolean;
  /** Digests of the last tokens that were refused in a row. Pages that still use them don't open the gate. */
  refusedLately?: readonly string[];
}

export interface Hold {
  reason: Exclude<HoldReason, 'signed-out'>;
  since: number;
  /** The digest of the token that was refused, or is over. Never the token. */
  refused: string | null;
  /** Pages have been told of the hold. When a worker dies between writing a hold and telling, the next worker tells. */
  told?: true;
  /** The answer may have meant something else than the CSRF token: where no page knows a newer one, the hold ends as well. */
  unsure?: true;
}

export type AuthGateEvent =
  /** A 401 came back for a request that went out under `generation`. */
  | { type: 'refused'; generation: number; digest: string | null; at: number; /** @default 'auth-expired' */ reason?: Hold['reason']; unsure?: boolean }
  /** An entry needs a token, and there's none in memory (`digest` is null), or only a token that's over. */
  | { type: 'missing'; digest: string | null; at: number; reason?: Hold['reason'] }
  /** A token was provided, or learnt from a page's request. `expired`: past its `exp`. */
  | { type: 'token'; digest: string; expired: boolean; learnt: boolean }
  /** The server took the token of a request under `generation`, as its answer shows: the answer is neither a 401 nor a login page. */
  | { type: 'served'; generation: number }
  /** The cookie session is live, as somebody says, or an accepted request shows. */
  | { type: 'renewed' }
  /** A page makes requests while the session's gate is held, so the session may be live again. */
  | { type: 'stirred' }
  | { type: 'signed-out' };

export type AuthGateEffect =
  /** The gate has closed: pages are to be told, once. */
  | 'hold'
  /** The gate has opened. */
  | 'release'
  /** The token, or the renewal, is new, and nothing waited for it. */
  | 'store'
  /** The 401 was about an older token: the entry is to be sent again. */
  | 'resend'
  | 'ignore-same'
  | 'ignore-expired'
  | 'none';

export const OPEN_AUTH_GATE: AuthGate = { generation: 0, hold: null, probing: false };

export function authGate(gate: AuthGate, event: AuthGateEvent): [AuthGate, AuthGateEffect] {
  switch (event.type) {
    case 'refused':
      if (event.generation < gate.generation) return [gate, 'resend'];
      if (gate.hold) return [gate.probing ? { ...gate, probing: false } : gate, 'none'];
      return [
        { ...held(gate, { reason: event.reason ?? 'auth-expired', since: event.at, refused: event.digest, ...(event.unsure && { unsure: true }) }), ...(event.digest !== null && { refusedLately: lately(gate, event.digest) }) },
        'hold',
      ];
    case 'missing':
      if (gate.hold) return [gate.probing ? { ...gate, probing: false } : gate, 'none'];
      return [held(gate, { reason: event.reason ?? (event.digest === null ? 'token-missing' : 'auth-expired'), since: event.at, refused: event.digest }), 'hold'];
    case 'token':
      if (event.digest === gate.hold?.refused || (event.learnt && gate.refusedLately?.includes(event.digest))) return [gate, 'ignore-same'];
      if (event.expired) return [gate, 'ignore-expired'];
      return renewed(gate);
    case 'renewed':
      return renewed(gate);
    case 'stirred':
      return [gate.hold && !gate.probing ? { ...gate, probing: true } : gate, 'none'];
    case 'served':
      // Behind a closed gate, the answer is of a request that went out before the refusal.
      if (event.generation < gate.generation || gate.hold || !(gate.probing || gate.refusedLately)) return [gate, 'none'];
      return [{ generation: gate.generation, hold: null, probing: false }, 'none'];
    case 'signed-out':
      return [{ ...gate, generation: gate.generation + 1, probing: false }, 'none'];
  }
}

const renewed = (gate: AuthGate): [AuthGate, AuthGateEffect] => [
  { ...gate, generation: gate.generation + 1, hold: null, probing: gate.hold !== null },
  gate.hold ? 'release' : 'store',
];

/** How many refused tokens are remembered: enough for a few pages, each with its own token. */
const REMEMBERED = 8;

const lately = ({ refusedLately = [] }: AuthGate, digest: string): readonly string[] =>
  [...refusedLately.filter((other) => other !== digest), digest].slice(-REMEMBERED);

const held = (gate: AuthGate, hold: Hold): AuthGate => ({ ...gate, hold, probing: false });
