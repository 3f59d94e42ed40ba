import { seeded } from '../chaos/random.js';
import { Agenda } from './agenda.js';
import type { Crowd, World } from './crowd.js';
import { laneByLane } from './lane-by-lane.js';
import { entriesOf, type Scenario } from './scenario.js';
import { createServer, type Traffic } from './server.js';
import { singleProbe } from './single-probe.js';
import type { Strategy } from './strategies.js';

/** What came of a strategy. */
export interface Result extends Traffic {
  name: string;
  /** How many entries ran out of retries. */
  dead: number;
}

/** Plays a scenario under a virtual clock until every entry is served or dead. The same seed, the same result. */
export function simulate(
  scenario: Scenario,
  strategy: Strategy,
  crowdOf: (world: World) => Crowd = strategy.circuit ? singleProbe : laneByLane,
): Result {
  const agenda = new Agenda(scenario.clients + entriesOf(scenario));
  const server = createServer(scenario);
  const crowd = crowdOf({ scenario, strategy, agenda, server, random: seeded(scenario.seed) });
  crowd.begin();
  agenda.run((id, now) => crowd.due(id, now));
  return { name: strategy.name, requests: server.requests, served: server.served, dead: crowd.dead };
}
