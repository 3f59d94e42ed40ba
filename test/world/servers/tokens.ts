import { randomUUID } from 'node:crypto';
import { exportSPKI, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from 'jose';

/** For stacks whose tokens are signed by HS256. */
export const SECRET = 'a secret of 32 bytes at the least, for HS256';
/** A secret that no stack knows. */
export const OTHER_SECRET = 'another secret, which no stack accepts at all';

/** For stacks whose tokens are signed by RS256. */
export const RSA = { ...(await generateKeyPair('RS256')), other: (await generateKeyPair('RS256')).privateKey };
export const PUBLIC_KEY = await exportSPKI(RSA.publicKey);

/** A JWT of user ann. No two are the same. */
export function sign(key: string | CryptoKey, lifeS = 600, claims: JWTPayload = {}): Promise<string> {
  const symmetric = typeof key === 'string';
  return new SignJWT(claims)
    .setProtectedHeader({ alg: symmetric ? 'HS256' : 'RS256', typ: 'JWT' })
    .setSubject('ann')
    .setJti(randomUUID())
    .setIssuedAt(Math.floor(Date.now() / 1000) + Math.min(0, lifeS - 600))
    .setExpirationTime(Math.floor(Date.now() / 1000) + lifeS)
    .sign(symmetric ? new TextEncoder().encode(key) : key);
}

/** The tokens of a stack that checks SECRET and no claim but `exp`. */
export const BY_SECRET = {
  goodToken: (lifeS?: number) => sign(SECRET, lifeS),
  refusedToken: () => sign(OTHER_SECRET),
};
