#!/usr/bin/env bash
# @readme/httpsnippet 11.4.0 writes one multipart request of a HAR as snippets for curl, fetch and axios, and they're run.
#
# One would expect: three ways to the same request.
# What comes of it: curl and fetch send the form. The snippet for axios 1.21.1 makes the form, and then sends the text `[form]`
# in its place, as `application/x-www-form-urlencoded`. It runs without an error, and a server may well answer 200.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts @readme/httpsnippet@11.4.0 axios@1.21.1

cat >snippets.mjs <<'EOF'
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { HTTPSnippet } from '@readme/httpsnippet';

let arrived;
const server = createServer(async (request, response) => {
  let text = '';
  for await (const part of request) text += part;
  arrived = { type: request.headers['content-type'].split(';')[0], text };
  response.setHeader('Content-Type', 'application/json').end('{}');
}).listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));

const snippet = new HTTPSnippet({
  method: 'POST',
  url: `http://127.0.0.1:${server.address().port}/`,
  httpVersion: 'HTTP/1.1',
  headers: [],
  queryString: [],
  cookies: [],
  headersSize: -1,
  bodySize: -1,
  postData: { mimeType: 'multipart/form-data', params: [{ name: 'note', value: 'milk' }] },
});

async function ran(target, client, command, name) {
  writeFileSync(name, String(snippet.convert(target, client)[0]));
  const child = spawn(command, [name], { stdio: 'ignore' });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  console.log(`  ${client}: ends with ${code}; sent as ${arrived.type}: ${JSON.stringify(arrived.text.replace(/-{4,}[\w-]+/g, '--…'))}`);
  return arrived;
}

console.log('@readme/httpsnippet 11.4.0');
const curl = await ran('shell', 'curl', 'bash', 'curl.sh');
const viaFetch = await ran('javascript', 'fetch', 'node', 'fetch.mjs');
const axios = await ran('javascript', 'axios', 'node', 'axios.mjs');
server.close();
server.closeAllConnections();

const isAsSeen =
  [curl, viaFetch].every(({ type, text }) => type === 'multipart/form-data' && text.includes('milk')) &&
  axios.text === '[form]' &&
  axios.type === 'application/x-www-form-urlencoded';
if (!isAsSeen) throw new Error('That has changed.');
EOF
node snippets.mjs
