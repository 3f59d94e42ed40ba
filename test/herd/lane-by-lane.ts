import { firstSendAt, type Crowd, type World } from './crowd.js';
import { entriesOf } from './scenario.js';

/** Every entry tries by itself, whatever its neighbours have heard. Its number is the agenda's. */
export function laneByLane({ scenario, strategy, agenda, server, random }: World): Crowd {
  const { lanes, clients, roundTripMs } = scenario;
  const unreachable = new Uint32Array(entriesOf(scenario));
  const retries = new Uint32Array(entriesOf(scenario));
  let dead = 0;

  return {
    get dead() {
      return dead;
    },
    begin() {
      for (let client = 0; client < clients; client++) {
        const at = firstSendAt(random, scenario);
        for (let lane = 0; lane < lanes; lane++) agenda.put(client * lanes + lane, at);
      }
    },
    due(entry, now) {
      const reply = server.reply(now);
      if (reply === 'served') return;
      const answered = reply === 'overloaded';
      const spent = answered ? retries : unreachable;
      const delayMs = strategy.retry({
        kind: answered ? 'answered' : 'unreachable',
        attempt: spent[entry]!++,
        status: answered ? 503 : null,
        random: random(),
      });
      if (delayMs === null) dead++;
      else agenda.put(entry, now + roundTripMs + delayMs);
    },
  };
}
