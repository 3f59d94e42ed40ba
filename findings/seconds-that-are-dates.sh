#!/usr/bin/env bash
# rate-limiter-flexible 11.4.0 with the headers of its README: "Retry-After": msBeforeNext / 1000.
#
# One would expect: a number of seconds (RFC 9110 §10.2.3: digits only), or at worst something that no parser takes.
# What comes: nearly always a fraction. A client that does as the RFC says (digits are seconds, anything else is a date) finds
# no date in most of them, but V8 finds one in some: 12.5 is December 2001, so "now", and 3599.5 is May of the year 3599.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts rate-limiter-flexible@11.4.0

cat >limiter.mjs <<'EOF'
import { readFileSync } from 'node:fs';
import { RateLimiterMemory } from 'rate-limiter-flexible';

const [line] = /"Retry-After": .*/.exec(readFileSync('node_modules/rate-limiter-flexible/README.md', 'utf8')) ?? [];
console.log('The README of rate-limiter-flexible 11.4.0 has:', line);

const limiter = new RateLimiterMemory({ points: 1, duration: 3600 });
await limiter.consume('someone');
await new Promise((resolve) => setTimeout(resolve, 3));
const refusal = await limiter.consume('someone').catch((refused) => refused);
console.log(`A refusal just now: Retry-After: ${refusal.msBeforeNext / 1000}`);

// Of all values that an hour's window can send: what do digits-or-date readers make of them?
const found = { seconds: 0, nothing: 0, 'a past date': 0, 'a future date': 0 };
for (let ms = 1; ms <= 3_600_000; ms++) {
  const value = String(ms / 1000);
  const date = Date.parse(value);
  if (/^\d+$/.test(value)) found.seconds++;
  else if (Number.isNaN(date)) found.nothing++;
  else found[date < Date.now() ? 'a past date' : 'a future date']++;
}
console.log('All values up to an hour are read as', found);
for (const value of ['12.5', '3599.5']) console.log(`  Date.parse('${value}') is`, new Date(Date.parse(value)).toDateString());

const isAsSeen =
  line === '"Retry-After": rateLimiterRes.msBeforeNext / 1000,' &&
  new Date(Date.parse('12.5')).getFullYear() === 2001 &&
  new Date(Date.parse('3599.5')).getFullYear() === 3599 &&
  found.nothing > 100 * found.seconds;
if (!isAsSeen) throw new Error('That has changed.');
EOF
node limiter.mjs
