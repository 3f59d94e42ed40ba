#!/usr/bin/env bash
# @tanstack/offline-transactions 1.0.53: a server is down for a moment, and answers each write by 503. The app's `mutationFn` throws an Error
# that says so, with the path: `HTTP 503 for /orders/4011`.
#
# One would expect: each order is kept, and tried again, as the README's example says of every error that is no NonRetriableError.
# What comes: 4100 is kept, and saved as soon as the server is back. 4011 and 4225 are dropped for good after one try: what
# `401`, `403`, `422` or `400` occurs in counts as permanent, wherever in the message it stands.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts @tanstack/offline-transactions@1.0.53 @tanstack/db@0.8.7

cat >orders.mjs <<'EOF'
import { createServer } from 'node:http';
import { createCollection, localOnlyCollectionOptions } from '@tanstack/db';
import { startOfflineExecutor } from '@tanstack/offline-transactions';

let isDown = true;
const server = createServer((request, response) => response.writeHead(isDown ? 503 : 200).end());
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${server.address().port}`;

// What a browser has, and Node hasn't: a store, one tab, and a network.
const kept = new Map();
const storage = {
  get: async (key) => kept.get(key) ?? null,
  set: async (key, value) => void kept.set(key, value),
  delete: async (key) => void kept.delete(key),
  keys: async () => [...kept.keys()],
  clear: async () => kept.clear(),
};
const leaderElection = { requestLeadership: async () => true, releaseLeadership() {}, isLeader: () => true, onLeadershipChange: () => () => {} };
const onlineDetector = { subscribe: () => () => {}, notifyOnline() {}, isOnline: () => true, dispose() {} };

// The library writes to the console.
const say = console.log;
console.log = console.warn = () => {};

const orders = createCollection(localOnlyCollectionOptions({ id: 'orders', getKey: ({ id }) => id }));
const executor = startOfflineExecutor({
  collections: { orders },
  storage,
  leaderElection,
  onlineDetector,
  mutationFns: {
    async save({ transaction }) {
      const path = `/orders/${transaction.mutations[0].modified.id}`;
      const { ok, status } = await fetch(url + path, { method: 'PUT' });
      if (!ok) throw new Error(`HTTP ${status} for ${path}`);
    },
  },
});
await executor.waitForInit();
const save = executor.createOfflineAction({ mutationFnName: 'save', onMutate: (id) => void orders.insert({ id }) });

say('@tanstack/offline-transactions 1.0.53');
const seen = [];
for (const id of [4011, 4225, 4100]) {
  const ended = save(id).isPersisted.promise.then(() => 'saved', () => 'dropped');
  const soon = await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 500, 'kept'))]);
  isDown = soon !== 'kept';
  seen.push(`${id} ${soon === 'kept' ? `kept, then ${await ended}` : soon}`);
  say(`  ${seen.at(-1)}`);
}
executor.dispose();
server.close();
server.closeAllConnections();
if (seen.join() !== '4011 dropped,4225 dropped,4100 kept, then saved') throw new Error('That has changed.');
EOF
node orders.mjs
