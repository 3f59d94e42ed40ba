#!/usr/bin/env bash
# @node-idempotency/nestjs 1.0.4: a handler answers 401 to a stale token; the client signs in and sends the same request again
# under the same `Idempotency-Key`, as it's still the same order.
#
# One would expect: the fresh token is looked at. A refusal to let somebody in is no outcome of the request.
# What comes: the kept 401, marked `Idempotent-Replayed: true`, and the handler isn't called. Under another key it goes through.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts \
  @node-idempotency/nestjs@1.0.4 @nestjs/common@10.4.22 @nestjs/core@10.4.22 @nestjs/platform-express@10.4.22 \
  reflect-metadata@0.2.2 rxjs@7.8.2

cat >server.cjs <<'EOF'
require('reflect-metadata');
const { Controller, Headers, Module, Post, UnauthorizedException } = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');
const { Idempotent, NodeIdempotencyModule, StorageAdapterEnum } = require('@node-idempotency/nestjs');

let calls = 0;
class Orders {
  create(authorization) {
    calls++;
    if (authorization !== 'Bearer fresh') throw new UnauthorizedException('Token expired');
  }
}
const create = Object.getOwnPropertyDescriptor(Orders.prototype, 'create');
Headers('authorization')(Orders.prototype, 'create', 0);
Post()(Orders.prototype, 'create', create);
Idempotent()(Orders.prototype, 'create', create);
Controller('orders')(Orders);

class App {}
Module({
  imports: [NodeIdempotencyModule.forRootAsync({ storage: { adapter: StorageAdapterEnum.memory, options: {} } })],
  controllers: [Orders],
})(App);

(async () => {
  const app = await NestFactory.create(App, { logger: false });
  await app.listen(0, '127.0.0.1');
  const url = `${await app.getUrl()}/orders`;
  const send = async (token, key) => {
    const headers = { authorization: `Bearer ${token}`, 'idempotency-key': key, 'content-type': 'application/json' };
    const answer = await fetch(url, { method: 'POST', headers, body: '{}' });
    const seen = `${answer.status}${answer.headers.get('idempotent-replayed') === 'true' ? ', replayed' : ''}`;
    console.log(`  ${token} token, key ${key}: ${seen} (the handler was called ${calls} times)`);
    return seen;
  };

  console.log('@node-idempotency/nestjs 1.0.4');
  const seen = [await send('stale', '"a"'), await send('fresh', '"a"'), await send('fresh', '"b"')];
  await app.close();
  if (seen.join('; ') !== '401; 401, replayed; 201') throw new Error('That has changed.');
})();
EOF
node server.cjs
