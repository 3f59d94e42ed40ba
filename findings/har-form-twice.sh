#!/usr/bin/env bash
# fetch-har 12.0.4 plays a HAR in which a form has the same field twice, as checkboxes do: `tag=a&tag=b`.
#
# One would expect: what was recorded. The HAR has the form's text and its fields, as Chrome's Network panel writes both.
# What it sends: `tag=b`. The text isn't looked at where there are fields, and of fields with one name the last one stays. The
# same fields as multipart/form-data arrive twice, and so does the text where the HAR has no fields.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts fetch-har@12.0.4

cat >play.mjs <<'EOF'
import { createServer } from 'node:http';
import fetchHar from 'fetch-har';

let arrived = '';
const server = createServer(async (request, response) => {
  arrived = '';
  for await (const part of request) arrived += part;
  response.end();
}).listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
const url = `http://127.0.0.1:${server.address().port}/`;

async function played(postData) {
  const headers = postData.mimeType.startsWith('multipart/') ? [] : [{ name: 'Content-Type', value: postData.mimeType }];
  const request = { method: 'POST', url, httpVersion: 'HTTP/1.1', headers, queryString: [], cookies: [], headersSize: -1, bodySize: -1, postData };
  const times = { startedDateTime: '2026-01-01T00:00:00.000Z', time: 0, timings: { send: 0, wait: 0, receive: 0 } };
  await fetchHar({ log: { version: '1.2', creator: { name: 'none', version: '1' }, entries: [{ ...times, request, response: {}, cache: {} }] } });
  return arrived;
}

const params = ['a', 'b'].map((value) => ({ name: 'tag', value }));
const text = 'tag=a&tag=b';
const form = 'application/x-www-form-urlencoded';
const both = await played({ mimeType: form, text, params });
const textAlone = await played({ mimeType: form, text });
const multipart = (await played({ mimeType: 'multipart/form-data', params })).match(/name="tag"/g).length;
server.close();
server.closeAllConnections();

console.log('fetch-har 12.0.4 sends, of', text);
console.log('  text and fields in the HAR:', both);
console.log('  text alone:                ', textAlone);
console.log('  as multipart/form-data:     the field', multipart, 'times');
if (both !== 'tag=b' || textAlone !== text || multipart !== 2) throw new Error('That has changed.');
EOF
node play.mjs
