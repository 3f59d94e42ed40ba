// @nestjs/throttler 6.7.1, @nestjs/core 12.5.1: https://docs.nestjs.com/security/rate-limiting#multiple-throttler-definitions
import { APP_GUARD } from '@nestjs/core';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { nest, notesController } from '../nest.js';
import type { Server } from '../stack.js';

const throttlers = [
  { name: 'short', ttl: 1_000, limit: 3 },
  { name: 'long', ttl: 2_000, limit: 1 },
];

export const limiter: Server = {
  listener: (act) =>
    nest({
      imports: [ThrottlerModule.forRoot(throttlers)],
      controllers: [notesController(act)],
      providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }],
    }),
};
