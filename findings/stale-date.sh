#!/usr/bin/env bash
# The `Date` header of a Node server (express 5.3.0, fastify 5.12.8) whose handler works for five seconds without a pause, as
# one does that hashes a password or renders a report synchronously.
#
# One would expect: the time at which the answer was made (RFC 9110 §6.6.1), so a client can set its clock by it to the second.
# What comes, where a request was answered within the same second before: a date five seconds old. Node keeps the text of the
# date until a timer throws it away, and the timer waits for the handler. Without that earlier request the date is right.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts express@5.3.0 fastify@5.12.8

cat >servers.mjs <<'EOF'
import express from 'express';
import fastify from 'fastify';

function work() {
  const end = Date.now() + 5_000;
  while (Date.now() < end);
  return 'done';
}

const app = express()
  .get('/', (_request, response) => response.end())
  .post('/', (_request, response) => response.end(work()));
const expressServer = app.listen(0, '127.0.0.1');
await new Promise((resolve) => expressServer.once('listening', resolve));
const fastifyApp = fastify();
fastifyApp.get('/', async () => '');
fastifyApp.post('/', async () => work());
await fastifyApp.listen({ port: 0, host: '127.0.0.1' });

/** Waits for the first tenth of a second, so that no second ends between two requests. */
const atBeginOfSecond = () => new Promise((resolve) => setTimeout(resolve, 1_020 - (Date.now() % 1_000)));

async function secondsBehind(url, hasEarlier) {
  // Twice, so that what an earlier answer left is thrown away.
  await atBeginOfSecond();
  await atBeginOfSecond();
  if (hasEarlier) await (await fetch(url)).text();
  const answer = await fetch(url, { method: 'POST' });
  return Math.floor(Date.now() / 1_000) - Date.parse(answer.headers.get('date')) / 1_000;
}

console.log(`Node ${process.version}: the Date header is behind by`);
const seen = [];
for (const [name, server] of [['express 5.3.0', expressServer], ['fastify 5.12.8', fastifyApp.server]]) {
  const url = `http://127.0.0.1:${server.address().port}/`;
  const [alone, after] = [await secondsBehind(url, false), await secondsBehind(url, true)];
  console.log(`  ${name}: ${alone} s, and ${after} s right after another answer`);
  seen.push(alone <= 1 && after >= 4);
}
expressServer.close();
expressServer.closeAllConnections();
await fastifyApp.close();
if (!seen.every(Boolean)) throw new Error('That has changed.');
EOF
node servers.mjs
