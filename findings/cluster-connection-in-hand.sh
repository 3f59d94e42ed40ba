#!/usr/bin/env bash
# Node 20.20.2, `node:cluster` by turns (its default outside of Windows, and what process managers' cluster modes are built on):
# a process is killed after it was handed a connection and before it took it.
#
# One would expect: the connection goes to the process that takes the dead one's place, or is closed, so that its client
# sends the request again. That's what becomes of a connection that the dead process had taken: it's reset at once.
# What comes: it's never closed, as the primary waits for the dead process to say that it has it. The client hears nothing for
# as long as it's patient, while those who connect after it are answered. Only a timeout of the client's own helps.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' >package.json
platform=$(node -p '`${process.platform}-${process.arch}`')
npm install --silent --no-audit --no-fund --ignore-scripts "node-$platform@20.20.2"

cat >turns.cjs <<'EOF'
const cluster = require('node:cluster');
const http = require('node:http');
const net = require('node:net');

if (!cluster.isPrimary) {
  const server = http.createServer((request, response) => {
    if (request.url !== '/work') return response.end('here');
    process.send('works');
    // Long work of the processor, in which no connection is taken.
    setTimeout(() => {
      const end = Date.now() + 20_000;
      while (Date.now() < end);
    }, 10);
  });
  server.listen(process.env.PORT, '127.0.0.1');
  return;
}

const once = (emitter, event) => new Promise((resolve) => emitter.once(event, (...args) => resolve(args)));
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** How a request has ended so far. */
function get(port, path) {
  const state = { end: 'nothing' };
  http
    .get({ port, path, host: '127.0.0.1', agent: false }, (response) => (state.end = `${response.resume().statusCode}`))
    .on('error', ({ code }) => (state.end = code));
  return state;
}

(async () => {
  const free = net.createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address();
  await new Promise((resolve) => free.close(resolve));
  const first = cluster.fork({ PORT: port });
  await once(first, 'listening');
  const taken = get(port, '/work');
  await once(first, 'message');
  await sleep(200);
  const inHand = get(port, '/');
  await sleep(500);
  first.process.kill('SIGKILL');
  await once(cluster, 'exit');
  await once(cluster.fork({ PORT: port }), 'listening');
  const later = get(port, '/');
  await sleep(5_000);
  console.log(`Node ${process.version}, five seconds after another process has taken the place of the killed one`);
  console.log(`a connection that the killed process had taken: ${taken.end}`);
  console.log(`one that it had been handed: ${inHand.end}`);
  console.log(`one made since: ${later.end}`);
  for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGKILL');
  process.exitCode = [taken.end, inHand.end, later.end].join() === 'ECONNRESET,nothing,200' ? 0 : 1;
  if (process.exitCode) console.error('That has changed.');
  process.exit();
})();
EOF
"node_modules/node-$platform/bin/node" turns.cjs
