import type { Verdict } from '../../../sw/policy/outcome.js';

/** A refusal by a rate limiter, and how long it asks for. */
export interface Refusal {
  limiter: string;
  status: number;
  headers: Record<string, string>;
  /** Milliseconds; null when no header says. */
  asks: number | null;
  verdict?: Verdict;
  /** What's wrong about that, for the user. */
  wrong?: string;
  /** Where it's written down, of a limiter that wasn't run for this table. */
  source?: string;
}

const TOO_SHORT = 'refused once more, as the limiter rounds down';

export const refusals: Refusal[] = [
  {
    limiter: 'express-rate-limit 8.7.5, defaults',
    status: 429,
    headers: { 'retry-after': '6', 'x-ratelimit-limit': '3', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1795810829' },
    asks: 6_000,
  },
  {
    limiter: 'express-rate-limit 8.7.5, draft-6',
    status: 429,
    headers: { 'ratelimit-policy': '3;w=6', 'ratelimit-remaining': '0', 'ratelimit-reset': '6', 'retry-after': '6' },
    asks: 6_000,
  },
  {
    limiter: 'express-rate-limit 8.7.5, draft-8',
    status: 429,
    headers: { ratelimit: '"3-in-6sec"; r=0; t=6', 'ratelimit-policy': '"3-in-6sec"; q=3; w=6; pk=:MTJjYTE3YjQ5YWYy:', 'retry-after': '6' },
    asks: 6_000,
  },
  // The headers of the throttler that didn't refuse would mislead: nothing is left to wait for there.
  {
    limiter: '@nestjs/throttler 6.7.1, throttlers named short and long',
    status: 429,
    headers: { 'retry-after-long': '60', 'x-ratelimit-limit-short': '20', 'x-ratelimit-remaining-short': '16', 'x-ratelimit-reset-short': '1' },
    asks: 60_000,
  },
  { limiter: '@nestjs/throttler 6.7.1, blockDuration', status: 429, headers: { 'retry-after': '9' }, asks: 9_000 },
  {
    limiter: 'rate-limiter-flexible 11.4.0, the headers of its README',
    status: 429,
    headers: { 'retry-after': '5.916', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1795810906' },
    asks: 6_000,
  },
  // V8 takes these for dates: the year 3599, and December 2001.
  { limiter: 'rate-limiter-flexible 11.4.0, the headers of its README', status: 429, headers: { 'retry-after': '3599.5' }, asks: 3_600_000 },
  { limiter: 'rate-limiter-flexible 11.4.0, the headers of its README', status: 429, headers: { 'retry-after': '12.5' }, asks: 13_000 },
  { limiter: 'rate-limiter-flexible 11.4.0, no headers', status: 429, headers: {}, asks: null },
  {
    limiter: '@fastify/rate-limit 11.2.0, defaults',
    status: 429,
    headers: { 'retry-after': '6', 'x-ratelimit-limit': '3', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '6' },
    asks: 6_000,
  },
  {
    limiter: '@fastify/rate-limit 11.2.0, ban, the second refusal',
    status: 403,
    headers: { 'retry-after': '6', 'x-ratelimit-limit': '3', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '6' },
    asks: 6_000,
  },
  {
    limiter: 'hono-rate-limiter 0.5.4, draft-7',
    status: 429,
    headers: { ratelimit: 'limit=3, remaining=0, reset=6', 'ratelimit-policy': '3;w=6', 'retry-after': '6' },
    asks: 6_000,
  },
  { limiter: 'koa-ratelimit 6.0.0, 6 s', status: 429, headers: { 'retry-after': '5' }, asks: 5_000, wrong: TOO_SHORT },
  { limiter: 'koa-ratelimit 6.0.0, 900 ms', status: 429, headers: { 'retry-after': '0' }, asks: 0, wrong: TOO_SHORT },

  {
    limiter: 'GitHub, secondary limit',
    status: 403,
    headers: { 'retry-after': '60', 'x-ratelimit-remaining': '4999' },
    asks: 60_000,
    source: 'github/docs, content/rest/using-the-rest-api/rate-limits-for-the-rest-api.md (21143d5)',
  },
  {
    limiter: 'GitHub, primary limit',
    status: 403,
    headers: { 'x-ratelimit-limit': '60', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1795810829' },
    asks: null,
    verdict: 'permanent',
    wrong: 'a dead letter for a rate limit, as nothing but x-ratelimit-remaining says so',
    source: 'github/docs, content/rest/using-the-rest-api/rate-limits-for-the-rest-api.md (21143d5)',
  },
  {
    limiter: 'Azure API Management, quota',
    status: 403,
    headers: { 'retry-after': '3600' },
    asks: 3_600_000,
    source: 'MicrosoftDocs/azure-docs, articles/api-management/quota-policy.md (0b8729e)',
  },
  // Milliseconds, by its name. The plain header wins where it's sent too.
  {
    limiter: 'Azure OpenAI',
    status: 429,
    headers: { 'retry-after-ms': '6500' },
    asks: 6_500,
    source: 'openai/openai-node, src/core.ts (00a2d43)',
  },
];
