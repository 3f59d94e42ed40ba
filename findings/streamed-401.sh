#!/usr/bin/env bash
# @trpc/server and @trpc/client 11.25.2: a procedure throws UNAUTHORIZED, called over each of the three HTTP links.
#
# One would expect: HTTP 401 from all three, as `TRPCError({ code: 'UNAUTHORIZED' })` has the status 401.
# What comes: 401 by httpLink and httpBatchLink, 207 as soon as another call of the batch goes through, and 200 by
# httpBatchStreamLink, always, with a content type of application/json for a body of several lines that JSON.parse refuses.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts \
  @trpc/server@11.25.2 @trpc/client@11.25.2 typescript@5.9.3

cat >links.mjs <<'EOF'
import { createTRPCClient, httpBatchLink, httpBatchStreamLink, httpLink } from '@trpc/client';
import { initTRPC, TRPCError } from '@trpc/server';
import { createHTTPServer } from '@trpc/server/adapters/standalone';

const { procedure, router } = initTRPC.create();
const server = createHTTPServer({
  router: router({
    open: procedure.mutation(() => 'done'),
    guarded: procedure.mutation(() => {
      throw new TRPCError({ code: 'UNAUTHORIZED' });
    }),
  }),
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${server.address().port}`;

async function call(link, names) {
  let seen;
  const watched = async (input, init) => {
    const answer = await fetch(input, init);
    const body = await answer.clone().text();
    let isJson = true;
    try {
      JSON.parse(body);
    } catch {
      isJson = false;
    }
    seen = `${answer.status} ${answer.headers.get('content-type')}${isJson ? '' : ', no JSON'}`;
    return answer;
  };
  const client = createTRPCClient({ links: [link({ url, fetch: watched })] });
  const results = await Promise.allSettled(names.map((name) => client[name].mutate()));
  console.log(`${link.name}, ${names.join(' and ')}: HTTP ${seen}; for the caller`, results.map(({ status }) => status).join(' and '));
  return seen;
}

console.log('tRPC 11.25.2');
const seen = [
  await call(httpLink, ['guarded']),
  await call(httpBatchLink, ['guarded']),
  await call(httpBatchLink, ['open', 'guarded']),
  await call(httpBatchStreamLink, ['guarded']),
];
server.close();
server.closeAllConnections();

const expected = ['401 application/json', '401 application/json', '207 application/json', '200 application/json, no JSON'];
if (seen.join() !== expected.join()) throw new Error('That has changed.');
EOF
node links.mjs
