import type { Random } from '../chaos/random.js';
import type { Agenda } from './agenda.js';
import type { Scenario } from './scenario.js';
import type { Server } from './server.js';
import type { Strategy } from './strategies.js';

/** All the clients of a run. */
export interface Crowd {
  /** Puts down the first sends. */
  begin(): void;
  /** What it has put down under this number is due. */
  due(id: number, now: number): void;
  /** How many entries have become dead letters. */
  readonly dead: number;
}

export interface World {
  scenario: Scenario;
  strategy: Strategy;
  agenda: Agenda;
  server: Server;
  random: Random;
}

/** When a client sends first. */
export const firstSendAt = (random: Random, { spreadMs }: Scenario): number => Math.floor(random() * spreadMs);
