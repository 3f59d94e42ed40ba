const DAY_MS = 86_400_000;

/** The beginning of an HTTP date: each of its three forms begins with a day's name (RFC 9110 §5.6.7). V8 takes `12.5` and `after 5` for dates too. */
const DATE = /^(?:mon|tue|wed|thu|fri|sat|sun)/i;

/** The time of an HTTP date. The oldest form names no zone and means GMT, where engines would take the device's zone. */
const dateOf = (value: string): number => Date.parse(/gmt$/i.test(value) ? value : `${value} GMT`);

/**
 * How long a server asks to be left alone, in milliseconds; null when it doesn't ask. The header has seconds or an HTTP
 * date (RFC 9110 §10.2.3). A past date means now; over 24 h counts as 24 h. Seconds with decimals, which some limiters
 * send, are rounded up. An HTTP date is by the server's clock, as the answer's `Date` is; where an answer shows no `Date`, or
 * comes from a cache, as its `Age` says, the date is taken to be by the device's clock.
 */
export function retryAfterMs(headers: Readonly<Record<string, string>>, now: number, name = 'retry-after'): number | null {
  const value = headers[name]?.trim() ?? '';
  const { date = '', age } = headers;
  const from = (age === undefined && dateOf(date)) || now;
  const wait = /^\d+(\.\d+)?$/.test(value) ? Math.ceil(Number(value)) * 1000 : DATE.test(value) ? dateOf(value) - from : NaN;
  if (Number.isNaN(wait)) return null;
  return Math.min(DAY_MS, Math.max(0, wait));
}

/**
 * The longest `Retry-After-*`, in milliseconds, or null when there's none: @nestjs/throttler names the header after the
 * limit that refuses, when it has several. Azure's `Retry-After-Ms` is named after its unit.
 */
function namedRetryAfterMs(headers: Readonly<Record<string, string>>, now: number): number | null {
  const waits = Object.entries(headers).flatMap(([name, value]) => {
    if (name === 'retry-after-ms') return /^\d+(\.\d+)?$/.test(value.trim()) ? [Math.min(DAY_MS, Math.ceil(Number(value)))] : [];
    return name.startsWith('retry-after-') ? (retryAfterMs(headers, now, name) ?? []) : [];
  });
  return waits.length > 0 ? Math.max(...waits) : null;
}

/** The wait that a server asks for by `Retry-After`, plain or with a limit's name, in milliseconds; null when it doesn't ask. */
export const retryAfterIn = (headers: Readonly<Record<string, string>>, now: number): number | null =>
  retryAfterMs(headers, now) ?? namedRetryAfterMs(headers, now);

/**
 * How long until a used-up quota is refilled, in milliseconds; null when no quota is used up: the
 * longest `t` of the policies with no `r`emaining in `RateLimit: "minute";r=0;t=30`.
 * https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ (-10; and the forms of its earlier
 * versions, `remaining=0, reset=30` and the fields `RateLimit-Remaining` and `RateLimit-Reset`).
 */
export function rateLimitMs(headers: Readonly<Record<string, string>>): number | null {
  const { ratelimit = '', 'ratelimit-remaining': remaining, 'ratelimit-reset': reset } = headers;
  // A policy's name is a quoted string, which may hold anything.
  const policies = ratelimit.replace(/"(?:[^"\\]|\\.)*"/g, '').replace(/,\s*reset\s*=/i, ';reset=').split(',');
  const waits = policies.flatMap((policy) => {
    const isUsedUp = /(?:^|[;\s])(?:r|remaining)\s*=\s*0+\s*(?:;|$)/i.test(policy);
    const [, seconds] = /(?:^|[;\s])(?:t|reset)\s*=\s*(\d+)\s*(?:;|$)/i.exec(policy) ?? [];
    return isUsedUp && seconds !== undefined ? [Number(seconds) * 1000] : [];
  });
  if (/^\s*0+\s*$/.test(remaining ?? '') && /^\s*\d+\s*$/.test(reset ?? '')) waits.push(Number(reset) * 1000);
  return waits.length > 0 ? Math.min(DAY_MS, Math.max(...waits)) : null;
}

/** The wait that a server asks for by `Retry-After` or a rate-limit header, in milliseconds. `Retry-After` wins, as it's plainer. */
export const askedPatienceMs = (headers: Readonly<Record<string, string>>, now: number): number | null =>
  retryAfterIn(headers, now) ?? rateLimitMs(headers);
