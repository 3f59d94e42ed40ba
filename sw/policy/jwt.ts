/** Seconds by which the clocks of server and client may differ. */
const SKEW_S = 60;

export interface JwtClaims {
  /** Seconds since the epoch. */
  exp?: number;
  iat?: number;
  sub?: string;
}

/**
 * The claims of a JWT (RFC 7519), or null when the token is opaque. Claims of a wrong type are left
 * out. Nothing is verified: that's the server's part.
 */
export function decodeJwt(token: string): JwtClaims | null {
  const parts = token.split('.');
  if (parts.length !== 3) return null;
  try {
    const bytes = Uint8Array.from(atob(parts[1]!.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
    const { exp, iat, sub } = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    return {
      ...(typeof exp === 'number' && Number.isFinite(exp) && { exp }),
      ...(typeof iat === 'number' && Number.isFinite(iat) && { iat }),
      ...(typeof sub === 'string' && sub !== '' && { sub }),
    };
  } catch {
    return null;
  }
}

/** Whether a token says of itself that it's over. An opaque token never does. */
export function isExpired(token: string, now: number): boolean {
  const exp = decodeJwt(token)?.exp;
  return exp !== undefined && exp + SKEW_S < now / 1000;
}

/** Whether `token` was issued before `other`, as far as both say. */
export function isOlder(token: string, other: string): boolean {
  const [mine, theirs] = [decodeJwt(token), decodeJwt(other)];
  const [a, b] = [mine?.iat ?? mine?.exp, theirs?.iat ?? theirs?.exp];
  return a !== undefined && b !== undefined && a < b;
}
