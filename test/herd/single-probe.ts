import { circuitAttempt, circuitFailed, CLOSED, type Circuit } from '../../sw/policy/circuit.js';
import { SHUNNED_LIMIT } from '../../sw/policy/entry.js';
import { askedPatienceMs } from '../../sw/policy/retry-after.js';
import { firstSendAt, type Crowd, type World } from './crowd.js';
import { entriesOf, type Scenario } from './scenario.js';
import { headersOf, type Reply } from './server.js';

/** What an entry is about. The reply is known when the request arrives, and heard a round trip later. */
const OWED = 0;
const FLYING: Record<Reply, number> = { nobody: 1, overloaded: 2, served: 3 };
const SETTLED = 4;

/**
 * Every client with its circuit, as `planSends` and `recordFailure` have it: while it's open one probe goes
 * out, and an answer sends the others after it. The plan is told again here, in flat arrays, as the
 * sources' own takes minutes for so many clients; a test holds the two together, request for request.
 *
 * In the agenda a client's number is its next look; behind those, an entry's is its answer.
 */
export function singleProbe({ scenario, strategy, agenda, server, random }: World): Crowd {
  const { clients, lanes, roundTripMs } = scenario;
  const circuits: Circuit[] = Array.from({ length: clients }, () => CLOSED);
  const throttledUntil = new Float64Array(clients);
  const answeredAt = new Float64Array(clients);
  const servedAt = new Float64Array(clients);
  const flying = new Uint8Array(clients);
  const owed = new Uint8Array(clients).fill(lanes);
  const refused = new Uint8Array(clients);
  const entries = createEntries(scenario);
  const headers = headersOf(strategy);
  let dead = 0;

  function look(client: number, now: number): void {
    const circuit = circuits[client]!;
    const open = circuit.state === 'open';
    if (open && (flying[client]! > 0 || owed[client] === 0)) return;
    // Until the first 503 no entry has a time of its own. That's most of a run, and saves a third of it.
    if (open && circuit.until > now && refused[client] === 0) return agenda.put(client, circuit.until);
    let due = Infinity;
    let probe = -1;
    for (let entry = client * lanes; entry < (client + 1) * lanes; entry++) {
      if (entries.about[entry] !== OWED) continue;
      const from = Math.max(throttledUntil[client]!, entries.unreachable[entry]! > 0 && !entries.alone[entry] ? 0 : entries.notBefore[entry]!);
      if (from > now) due = Math.min(due, from);
      else if (!open) send(client, entry, now);
      else if (circuit.until > now) due = Math.min(due, circuit.until);
      else if (probe < 0 || goesBefore(entry, probe)) probe = entry;
    }
    if (probe >= 0) send(client, probe, now);
    // As in the scheduler: what's under way looks again when it's back.
    if (flying[client] === 0 && due !== Infinity) agenda.put(client, due);
  }

  /** Whether it's to be the probe rather than an older one: see `probe` in the plan. */
  function goesBefore(entry: number, older: number): boolean {
    if (!letsOthersGo(older)) return false;
    return !letsOthersGo(entry) || entries.sentAt[entry]! < entries.sentAt[older]!;
  }

  const letsOthersGo = (entry: number) => entries.unreachable[entry]! >= SHUNNED_LIMIT || entries.resting[entry] === 1;

  function send(client: number, entry: number, now: number): void {
    entries.about[entry] = FLYING[server.reply(now)];
    flying[client]!++;
    agenda.put(clients + entry, now + roundTripMs);
  }

  function hear(entry: number, now: number): void {
    const client = Math.floor(entry / lanes);
    const about = entries.about[entry];
    flying[client]!--;
    if (about === FLYING.served) {
      circuits[client] = CLOSED;
      answeredAt[client] = now;
      servedAt[client] = now;
      settle(client, entry);
    } else fail(client, entry, about === FLYING.overloaded, now);
    look(client, now);
  }

  /** As `recordFailure` does with what nobody answered, or a 503 did. */
  function fail(client: number, entry: number, answered: boolean, now: number): void {
    const circuit = circuits[client]!;
    // Nobody is asked by HEAD here, as before each replay the validation asks, and a server that's down answers neither.
    const alone = !answered && answeredAt[client]! > (entries.unreachable[entry]! > 0 ? entries.sentAt[entry]! : now - roundTripMs);
    const policyDelay = strategy.retry({
      kind: answered ? 'answered' : 'unreachable',
      attempt: answered ? entries.retries[entry]! : alone ? entries.shunned[entry]! : circuitAttempt(circuit),
      status: answered ? 503 : null,
      random: random(),
    });
    const floor = answered ? askedPatienceMs(headers, now) : null;
    const delayMs = policyDelay === null ? null : Math.max(policyDelay, floor ?? 0);
    const rests = answered && policyDelay !== null && entries.retries[entry]! >= strategy.maxRetries;
    const restsAlone = rests && servedAt[client]! > entries.sentAt[entry]!;
    const probe = circuit.state === 'open' && circuit.until <= now - roundTripMs;
    const restsOn = answered && circuit.state === 'open' && circuit.restingSince !== undefined;
    const failure = { probe, answered, rests: rests || restsOn, until: now + (delayMs ?? 0) };
    circuits[client] = alone ? circuit : restsAlone ? CLOSED : circuitFailed(circuit, failure, now);
    if (floor !== null) throttledUntil[client] = Math.max(throttledUntil[client]!, now + floor);

    entries.shunned[entry] = answered ? 0 : entries.shunned[entry]! + (answeredAt[client]! > entries.sentAt[entry]! ? 1 : 0);
    entries.alone[entry] = alone ? 1 : 0;
    entries.sentAt[entry] = now;
    entries.unreachable[entry] = answered ? 0 : entries.unreachable[entry]! + 1;
    entries.resting[entry] = rests ? 1 : 0;
    if (answered) {
      answeredAt[client] = now;
      entries.retries[entry]!++;
      refused[client] = 1;
    }
    entries.notBefore[entry] = rests && !restsAlone ? now : now + (delayMs ?? 0);
    entries.about[entry] = OWED;
    if (delayMs !== null) return;
    settle(client, entry);
    dead++;
  }

  function settle(client: number, entry: number): void {
    entries.about[entry] = SETTLED;
    owed[client]!--;
  }

  return {
    get dead() {
      return dead;
    },
    begin() {
      for (let client = 0; client < clients; client++) agenda.put(client, firstSendAt(random, scenario));
    },
    due(id, now) {
      if (id < clients) look(id, now);
      else hear(id - clients, now);
    },
  };
}

/** The fields of all entries, each as one array. */
function createEntries(scenario: Scenario) {
  const count = entriesOf(scenario);
  return {
    about: new Uint8Array(count).fill(OWED),
    retries: new Uint32Array(count),
    unreachable: new Uint32Array(count),
    shunned: new Uint32Array(count),
    alone: new Uint8Array(count),
    resting: new Uint8Array(count),
    sentAt: new Float64Array(count),
    notBefore: new Float64Array(count),
  };
}
