#!/usr/bin/env bash
# @tanstack/offline-transactions 1.0.53: a page makes forty writes offline, one right after the other. It's closed, and opened again online.
#
# One would expect: they go out in the order in which they were made, as the README promises (FIFO, "the exact order they were created").
# What comes: those of one millisecond go out in the order of their random ids, as the outbox is sorted by the time alone. So a note's
# tag, made by the same click as the note, may go out before it.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts @tanstack/offline-transactions@1.0.53 @tanstack/db@0.8.7 fake-indexeddb@6.2.5

cat >order.mjs <<'EOF'
import 'fake-indexeddb/auto';
import { createCollection, localOnlyCollectionOptions } from '@tanstack/db';
import { IndexedDBAdapter, startOfflineExecutor } from '@tanstack/offline-transactions';

const COUNT = 40;
// One tab, as Node 20 has no locks, and a network that is off at first.
const leaderElection = { requestLeadership: async () => true, releaseLeadership() {}, isLeader: () => true, onLeadershipChange: () => () => {} };
const onlineDetectorThatSays = (isOnline) => ({ subscribe: () => () => {}, notifyOnline() {}, isOnline: () => isOnline, dispose() {} });

// The library writes to the console.
const say = console.log;
console.log = () => {};

/** A page with the outbox in IndexedDB, by the library's own adapter. */
async function openPage(isOnline) {
  const sent = [];
  const notes = createCollection(localOnlyCollectionOptions({ id: 'notes', getKey: ({ id }) => id }));
  const executor = startOfflineExecutor({
    collections: { notes },
    storage: new IndexedDBAdapter(),
    leaderElection,
    onlineDetector: onlineDetectorThatSays(isOnline),
    mutationFns: { save: async ({ transaction }) => void sent.push(transaction.mutations[0].modified.id) },
  });
  await executor.waitForInit();
  return { executor, sent, save: executor.createOfflineAction({ mutationFnName: 'save', onMutate: (id) => void notes.insert({ id }) }) };
}
const until = async (isDone) => {
  for (let tries = 0; tries < 500 && !(await isDone()); tries++) await new Promise((resolve) => setTimeout(resolve, 10));
};

say('@tanstack/offline-transactions 1.0.53');
const first = await openPage(false);
for (let id = 1; id <= COUNT; id++) first.save(id);
await until(async () => (await first.executor.peekOutbox()).length === COUNT);
first.executor.dispose();

const { executor, sent } = await openPage(true);
await until(() => sent.length === COUNT);
executor.dispose();
const inOrder = sent.toSorted((a, b) => a - b);
say(`  made 1 to ${COUNT}, sent after the restart: ${sent.join(' ')}`);
if (sent.length !== COUNT || sent.join() === inOrder.join()) throw new Error('That has changed.');
EOF
node order.mjs
