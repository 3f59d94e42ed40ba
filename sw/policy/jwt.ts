/** By so much a device's clock may differ from a server's that nobody has heard of, in milliseconds. */
const SKEW_MS = 60_000;

/** A JWT that says that it's good for longer than this is taken to be good, in milliseconds. */
const LONGER_MS = 60_000;

/** From here on, a number of seconds is one of milliseconds: a common mistake, and in seconds the year 5138. */
const TOO_MANY_S = 1e11;

export interface JwtClaims {
  /** Seconds since the epoch. NaN when it's there and no number, which no server lets pass. */
  exp?: number;
  iat?: number;
  /** Some issuers write a number: it's taken by its digits. */
  sub?: string;
  /** Who made it, and for whom, as they stand there. */
  iss?: unknown;
  aud?: unknown;
}

/**
 * The claims of a JWT (RFC 7519), or null when the token is opaque. Other claims of a wrong type are
 * left out. Nothing is verified: that's the server's part.
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
 * When a token is over by its own word, in milliseconds since the epoch; null when it doesn't say, as an opaque one. An
 * `exp` that's no number lets no server pass the token, so it's over from the beginning. One in milliseconds (13 digits)
 * says nothing: a server that reads seconds takes the token for ever, one that reads milliseconds doesn't, and only the
 * server can tell.
 */
export function expiryOf(token: string): number | null {
  const { exp = TOO_MANY_S } = decodeJwt(token) ?? {};
  if (Number.isNaN(exp)) return -Infinity;
  return exp < TOO_MANY_S ? exp * 1000 : null;
}

/** What the time is. */
export interface Clocks {
  /** By this device's clock, in milliseconds since the epoch. */
  device: number;
  /** By the server's, as its `Date` has shown; null when that was never seen. */
  server: number | null;
}

export const clocksAt = (now: number, serverSkewMs: number | null): Clocks => ({
  device: now,
  server: serverSkewMs === null ? null : now + serverSkewMs,
});

/** Whether a token that ends then is over: by both clocks, and where only the device's is known, a minute later. */
export const isOver = (expiresAt: number | null, { device, server }: Clocks): boolean =>
  expiresAt !== null && (server === null ? expiresAt + SKEW_MS < device : expiresAt <= Math.min(device, server));

/** Whether a token that ends then says that it's good for a while yet, by either clock. */
export const isGoodForLonger = (expiresAt: number | null, { device, server }: Clocks): boolean =>
  expiresAt !== null && expiresAt - LONGER_MS > Math.max(device, server ?? device);

/** Whether two JWTs come from one issuer and are meant for one audience, or at least one of the two says neither. */
export function isOfOneKind(token: string, other: string): boolean {
  const [mine, theirs] = [decodeJwt(token), decodeJwt(other)];
  const kindOf = ({ iss, aud }: JwtClaims) => JSON.stringify([iss, aud]);
  return !mine || !theirs || kindOf(mine) === kindOf(theirs);
}

/** When a token was made by its own word, or, where it only says when it ends, that: to compare two of one kind. */
export function issuedAt(token: string): number | null {
  const { iat, exp } = decodeJwt(token) ?? {};
  return iat ?? exp ?? null;
}

/** Whether `token` was issued before `other`, as far as both say. */
export function isOlder(token: string, other: string): boolean {
  const [mine, theirs] = [issuedAt(token), issuedAt(other)];
  return mine !== null && theirs !== null && mine < theirs;
}
