/** Seconds by which the clocks of server and client may differ. */
const SKEW_S = 60;

export interface JwtClaims {
  /** Seconds since the epoch. NaN when it's there and no number, which no server lets pass. */
  exp?: number;
  iat?: number;
  /** Some issuers write a number: it's taken by its digits. */
  sub?: string;
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
    const { exp = null, iat, sub } = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    return {
      ...(exp !== null && { exp: typeof exp === 'number' ? exp : NaN }),
      ...(typeof iat === 'number' && { iat }),
      ...(((typeof sub === 'string' && sub !== '') || typeof sub === 'number') && { sub: String(sub) }),
    };
  } catch {
    return null;
  }
}

/** Whether a token says of itself that it's over, or can't be read as saying the contrary. An opaque token never does. */
export function isExpired(token: string, now: number): boolean {
  const exp = decodeJwt(token)?.exp;
  return exp !== undefined && !(exp + SKEW_S >= now / 1000);
}

/** When a token is over by its own word, in milliseconds since the epoch; null when it doesn't say. */
export const expiryOf = (token: string): number | null => (decodeJwt(token)?.exp ?? NaN) * 1000 || null;

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
