import { readOptions, whole, type Rules } from '../support/options.js';
import { LANES, ROUND_TRIP_MS, tenthOfCapacity, type Scenario } from './scenario.js';

const RULES: Rules<'clients' | 'seed' | 'down' | 'spread' | 'capacity'> = {
  clients: whole(1, 1_000_000),
  seed: whole(0, 2 ** 32 - 1),
  down: whole(1, 3600),
  // The agenda sees little more than a minute ahead.
  spread: whole(1, 60),
  capacity: whole(1, 10_000_000),
};

/**
 * Reads `--clients 100000 --seed 1 --down 600 --spread 10 --capacity 5000`: times in seconds, the
 * capacity in requests per second. The seed is fixed unless given, as the herd's own page shows what came of it.
 * @throws UsageError
 */
export function readArguments(given: readonly string[]): Scenario {
  const { clients = 100_000, seed = 1, down = 600, spread = 10, capacity } = readOptions(given, RULES);
  return {
    clients,
    lanes: LANES,
    downMs: down * 1000,
    spreadMs: spread * 1000,
    roundTripMs: ROUND_TRIP_MS,
    capacity: capacity ?? tenthOfCapacity(clients),
    seed,
  };
}
