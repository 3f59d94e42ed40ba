#!/usr/bin/env bash
# ratelimit-header-parser 0.1.0 reads what express-rate-limit 8.7.5 sends with `standardHeaders: 'draft-8'`. Both are of one house.
#
# One would expect: the limit that's left, or undefined for a form that the parser doesn't know.
# What happens: an object with NaN in each number and an invalid Date. It's truthy, nothing throws, and `remaining <= 0` is never
# true, so a client that waits by it never waits. The two older drafts of the same limiter are read well.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts \
  ratelimit-header-parser@0.1.0 express-rate-limit@8.7.5 express@5.3.0

cat >server.mjs <<'EOF'
import express from 'express';
import { rateLimit } from 'express-rate-limit';
import { parseRateLimit } from 'ratelimit-header-parser';

async function answerOf(standardHeaders) {
  const app = express();
  app.use(rateLimit({ windowMs: 60_000, limit: 1, standardHeaders, legacyHeaders: false }));
  app.get('/', (request, response) => void response.end());
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${server.address().port}/`;
  await fetch(url);
  const refused = await fetch(url);
  server.close();
  server.closeAllConnections();
  return refused;
}

const read = {};
for (const draft of ['draft-6', 'draft-7', 'draft-8']) {
  const { status, headers } = await answerOf(draft);
  read[draft] = parseRateLimit(headers);
  console.log(`express-rate-limit 8.7.5, ${draft}: ${status}, ratelimit: ${headers.get('ratelimit')}`);
  console.log('  ratelimit-header-parser 0.1.0:', read[draft]);
}

const isAsSeen =
  read['draft-6'].remaining === 0 &&
  read['draft-7'].remaining === 0 &&
  Number.isNaN(read['draft-8'].remaining) &&
  Number.isNaN(read['draft-8'].limit) &&
  Number.isNaN(read['draft-8'].reset.getTime());
if (!isAsSeen) throw new Error('That has changed.');
EOF
node server.mjs
