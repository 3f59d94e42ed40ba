import { TOKEN_MARK } from './disk/copy.js';

/** A token of the app's own making, as its server takes it. */
export interface TokenFacts {
  user: string;
  /** In seconds since the epoch. */
  issuedAt: number;
  expiresAt: number;
  serial: number;
}

/** Makes a token: a JWT, or one that only the app and its server can read. */
export function tokenFor(facts: TokenFacts, kind: 'jwt' | 'opaque'): string {
  const { user, issuedAt, expiresAt, serial } = facts;
  if (kind === 'opaque') return [user, issuedAt, expiresAt, serial, TOKEN_MARK].join('~');
  return `h.${Buffer.from(JSON.stringify({ sub: user, iat: issuedAt, exp: expiresAt, serial })).toString('base64url')}.${TOKEN_MARK}`;
}

/** What a token says to the server; null when it's none of the app's. */
export function readToken(token: string): TokenFacts | null {
  const [user = '', issuedAt, expiresAt, serial, mark] = token.split('~');
  if (mark === TOKEN_MARK) return { user, issuedAt: Number(issuedAt), expiresAt: Number(expiresAt), serial: Number(serial) };
  const [, claims, signature] = token.split('.');
  if (claims === undefined || signature !== TOKEN_MARK) return null;
  const { sub, iat, exp, serial: number } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, string & number>;
  return { user: sub!, issuedAt: iat!, expiresAt: exp!, serial: number! };
}

/** The app's tokens in a text. */
export const tokensIn = (text: string | null | undefined): string[] => text?.match(TOKENS) ?? [];

const TOKENS = new RegExp(`(?:h\\.[\\w-]+\\.|\\w+~\\d+~\\d+~\\d+~)${TOKEN_MARK}`, 'g');

/** The app's `owner`, for opaque tokens: it knows how they begin. */
export const ownerOf = (token: string): string | null => token.split('~')[0] || null;
