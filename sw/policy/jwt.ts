/** How far a device's clock may be from a server's clock that was never seen, in milliseconds. */
const SKEW_MS = 60_000;

/** A JWT whose `exp` is further away than this counts as good, in milliseconds. */
const LONGER_MS = 60_000;

/** An `exp` from here on is in milliseconds, a common mistake: in seconds it would be the year 5138. */
const TOO_MANY_S = 1e11;

export interface JwtClaims {
  /** Seconds since the epoch. NaN for an `exp` that's no number, which no server lets pass. */
  exp?: number;
  iat?: number;
  /** The subject; a number, which some issuers write, as its digits. */
  sub?: string;
  /** The issuer and the audience, unchanged. */
  iss?: unknown;
  aud?: unknown;
}

/**
 * The claims of a JWT (RFC 7519), or null when the token is opaque. An `iat` or `sub` of a wrong type is
 * left out. Nothing is verified: verification is the server's part.
 */
export function decodeJwt(token: string): JwtClaims | null {
  const parts = token.split('.');
  if (parts.length !== 3) return null;
  try {
    const bytes = Uint8Array.from(atob(parts[1]!.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
    const { exp = null, iat, sub, iss, aud } = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    return {
      ...(exp !== null && { exp: typeof exp === 'number' ? exp : NaN }),
      ...(typeof iat === 'number' && { iat }),
      ...(((typeof sub === 'string' && sub !== '') || typeof sub === 'number') && { sub: String(sub) }),
      ...(iss !== undefined && { iss }),
      ...(aud !== undefined && { aud }),
    };
  } catch {
    return null;
  }
}

/**
 * When a token is over by its own `exp`, in milliseconds since the epoch; null when the token is opaque or has no `exp`. A
 * token whose `exp` is no number is over from the beginning, as no server lets it pass. An `exp` in milliseconds (13
 * digits) counts as none: a server that reads seconds accepts the token for ever, a server that reads milliseconds
 * doesn't, and only the server can tell.
 */
export function expiryOf(token: string): number | null {
  const { exp = TOO_MANY_S } = decodeJwt(token) ?? {};
  if (Number.isNaN(exp)) return -Infinity;
  return exp < TOO_MANY_S ? exp * 1000 : null;
}

/** The present time by both clocks. */
export interface Clocks {
  /** The time of this device's clock, in milliseconds since the epoch. */
  device: number;
  /** The time of the server's clock, as the server's `Date` has shown; null when the server's clock was never seen. */
  server: number | null;
}

export const clocksAt = (now: number, serverSkewMs: number | null): Clocks => ({
  device: now,
  server: serverSkewMs === null ? null : now + serverSkewMs,
});

/** Whether a token that ends at `expiresAt` is over: by both clocks; where only the device's is known, a minute later. */
export const isOver = (expiresAt: number | null, { device, server }: Clocks): boolean =>
  expiresAt !== null && (server === null ? expiresAt + SKEW_MS < device : expiresAt <= Math.min(device, server));

/** Whether a token that ends at `expiresAt` is good for at least a minute more, by both clocks. */
export const isGoodForLonger = (expiresAt: number | null, { device, server }: Clocks): boolean =>
  expiresAt !== null && expiresAt - LONGER_MS > Math.max(device, server ?? device);

/** Whether two tokens have the same issuer and audience; true as well when either token is opaque. */
export function isOfOneKind(token: string, other: string): boolean {
  const [claims, otherClaims] = [decodeJwt(token), decodeJwt(other)];
  const kindOf = ({ iss, aud }: JwtClaims) => JSON.stringify([iss, aud]);
  return !claims || !otherClaims || kindOf(claims) === kindOf(otherClaims);
}

/** A token's `iat`, or its `exp` where it has no `iat`: to compare two tokens of one kind. In seconds. */
export function issuedAt(token: string): number | null {
  const { iat, exp } = decodeJwt(token) ?? {};
  return iat ?? exp ?? null;
}

/** Whether `token` was issued before `other`, as far as both say. */
export function isOlder(token: string, other: string): boolean {
  const [made, otherMade] = [issuedAt(token), issuedAt(other)];
  return made !== null && otherMade !== null && made < otherMade;
}
