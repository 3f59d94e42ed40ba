const DAY_MS = 86_400_000;

/**
 * How long a server asks to be left alone, in milliseconds, or null when it doesn't.
 * Seconds or an HTTP date (RFC 9110 §10.2.3). A past date means now; over 24 h counts as 24 h.
 */
export function retryAfterMs(header: string | undefined, now: number): number | null {
  const value = header?.trim();
  if (!value) return null;
  const wait = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  if (Number.isNaN(wait)) return null;
  return Math.min(DAY_MS, Math.max(0, wait));
}
