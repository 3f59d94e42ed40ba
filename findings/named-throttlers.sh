#!/usr/bin/env bash
# @nestjs/throttler 6.7.1 with two named throttlers, as in its documentation; the second one refuses.
#
# One would expect: a 429 with `Retry-After`, as from a single throttler, and X-RateLimit headers that tell whose limit it was.
# What it sends: no `Retry-After` but `Retry-After-long`, which no client looks for, and the X-RateLimit headers of the
# throttler that did NOT refuse. They say "16 left, reset in 1 s".
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts \
  @nestjs/throttler@6.7.1 @nestjs/common@10.4.22 @nestjs/core@10.4.22 @nestjs/platform-express@10.4.22 \
  reflect-metadata@0.2.2 rxjs@7.8.2

cat >server.mjs <<'EOF'
import 'reflect-metadata';
import { Controller, Module, Post } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';

class Orders {
  create() {}
}
Post()(Orders.prototype, 'create', Object.getOwnPropertyDescriptor(Orders.prototype, 'create'));
Controller('orders')(Orders);

class App {}
Module({
  imports: [
    ThrottlerModule.forRoot([
      { name: 'short', ttl: 1_000, limit: 20 },
      { name: 'long', ttl: 60_000, limit: 3 },
    ]),
  ],
  controllers: [Orders],
  providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }],
})(App);

const app = await NestFactory.create(App, { logger: false });
await app.listen(0, '127.0.0.1');
const url = `${await app.getUrl()}/orders`;
let answer;
do answer = await fetch(url, { method: 'POST' });
while (answer.ok);
await app.close();

const names = [...answer.headers.keys()].filter((name) => /retry|ratelimit/.test(name));
console.log('@nestjs/throttler 6.7.1 answered', answer.status);
for (const name of names) console.log(`  ${name}: ${answer.headers.get(name)}`);

const isAsSeen =
  answer.status === 429 &&
  !answer.headers.has('retry-after') &&
  answer.headers.has('retry-after-long') &&
  Number(answer.headers.get('x-ratelimit-remaining-short')) > 0 &&
  !answer.headers.has('x-ratelimit-remaining-long');
if (!isAsSeen) throw new Error('That has changed.');
EOF
node server.mjs
