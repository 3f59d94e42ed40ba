#!/usr/bin/env bash
# eventsource 4.1.1 and eventsource-client 1.2.0 read a stream in which an `id:` stands alone, as a server writes it to say how far
# the client has come where nothing in between was meant for it.
#
# One would expect: the next connection has `Last-Event-ID: 2`. The HTML standard sets the id for such a block too, before it looks
# whether there's an event to dispatch.
# What happens: `Last-Event-ID: 1`, that of the last event with data. The server sends again what it had just ticked off.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts eventsource@4.1.1 eventsource-client@1.2.0

cat >streams.mjs <<'EOF'
import { createServer } from 'node:http';
import { EventSource } from 'eventsource';
import { createEventSource } from 'eventsource-client';

/** The `Last-Event-ID` of the second connection. */
async function resumedAt(open) {
  let connections = 0;
  let resumed;
  const again = new Promise((resolve) => (resumed = resolve));
  const server = createServer((request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    if (++connections === 1) return response.end('retry: 10\n\nid: 1\ndata: one\n\nid: 2\n\n');
    response.end();
    resumed(request.headers['last-event-id']);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const source = open(`http://127.0.0.1:${server.address().port}/`);
  const id = await again;
  source.close();
  server.close();
  server.closeAllConnections();
  return id;
}

const seen = {
  'eventsource 4.1.1': await resumedAt((url) => new EventSource(url)),
  'eventsource-client 1.2.0': await resumedAt((url) => createEventSource(url)),
};
console.log('after the event 1, and the id 2 by itself, Last-Event-ID is');
for (const [name, id] of Object.entries(seen)) console.log(`  ${name}: ${id}`);
if (Object.values(seen).some((id) => id !== '1')) throw new Error('That has changed.');
EOF
node streams.mjs
