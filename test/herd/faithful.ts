import { transition } from '../../sw/policy/entry.js';
import type { EntryRecord } from '../../sw/policy/entry-record.js';
import { planSends, type BackendView } from '../../sw/policy/lanes.js';
import type { Answer, Outcome } from '../../sw/policy/outcome.js';
import { createBackend, type Backend } from '../../sw/pipeline/backend/backend.js';
import { createServerClocks } from '../../sw/pipeline/backend/server-clock.js';
import { Providers } from '../../sw/pipeline/providers.js';
import { createConnectivityNews } from '../../sw/pipeline/backend/connectivity.js';
import { recordAnswer, recordFailure } from '../../sw/pipeline/send/records.js';
import type { Ports } from '../../sw/ports.js';
import { record } from '../support/records.js';
import { firstSendAt, type Crowd, type World } from './crowd.js';
import type { Scenario } from './scenario.js';
import { headersOf, type Reply } from './server.js';
import type { Strategy } from './strategies.js';
import type { BackendConfig } from '../../sw/config.js';

/** Lanes at once, as by default. */
const CONCURRENCY = 6;

interface Client {
  backend: Backend;
  /** What it still owes. */
  entries: EntryRecord[];
  /** Lanes with a send under way. */
  busy: Set<string>;
}

/**
 * Every client as Holdfast is: its plan, its reckoning of a failure, its circuit and the entry's
 * transition are the sources' own. For the test of `singleProbe`, which is tens of times as fast.
 *
 * In the agenda a client's number is its next look; behind those, an entry's is its answer.
 */
export function faithful({ scenario, strategy, agenda, server, random }: World): Crowd {
  const { lanes, roundTripMs } = scenario;
  // No other port is asked by what is run here.
  const ports = {
    clock: { now: () => agenda.now },
    chance: { fraction: random, uuid: () => '' },
  } as unknown as Ports;
  const clients = createClients(scenario, strategy, ports);
  const outcomes = outcomesOf(strategy);
  const replies: Reply[] = Array.from({ length: clients.length * lanes }, () => 'nobody');
  let dead = 0;

  function look(number: number, now: number): void {
    const client = clients[number]!;
    const { send, due } = planSends(client.entries, viewOf(client), now);
    for (const { seq, lane } of send) {
      client.busy.add(lane);
      replies[seq] = server.reply(now);
      agenda.put(clients.length + seq, now + roundTripMs);
    }
    // As in the scheduler, what's under way looks again when it's back.
    if (client.busy.size === 0 && due !== null) agenda.put(number, due);
  }

  function hear(seq: number, now: number): void {
    const number = Math.floor(seq / lanes);
    const client = clients[number]!;
    const index = client.entries.findIndex((entry) => entry.seq === seq);
    const entry = client.entries[index]!;
    client.busy.delete(entry.lane);
    const next = settled(client.backend, entry, replies[seq]!, now);
    if (next) client.entries[index] = next;
    else client.entries.splice(index, 1);
    look(number, now);
  }

  /** What is owed after the answer: null when it's delivered or dead. */
  function settled(backend: Backend, entry: EntryRecord, reply: Reply, now: number): EntryRecord | null {
    if (reply === 'served') {
      recordAnswer(backend, OK, now);
      return null;
    }
    const input = recordFailure(backend, entry, now - roundTripMs, outcomes[reply], ports);
    const next = transition(entry, input, now)?.entry ?? null;
    if (next?.state !== 'dead') return next;
    dead++;
    return null;
  }

  return {
    get dead() {
      return dead;
    },
    begin() {
      for (let number = 0; number < clients.length; number++) agenda.put(number, firstSendAt(random, scenario));
    },
    due(id, now) {
      if (id < clients.length) look(id, now);
      else hear(id - clients.length, now);
    },
  };
}

const OK: Answer = { kind: 'answer', status: 200, headers: {}, bearer: false };

const outcomesOf = (strategy: Strategy): Record<Exclude<Reply, 'served'>, Outcome> => ({
  nobody: { kind: 'unreachable', cause: 'network' },
  overloaded: { kind: 'answer', status: 503, headers: headersOf(strategy), bearer: false },
});

function createClients({ clients, lanes }: Scenario, { retry, maxRetries }: Strategy, ports: Ports): Client[] {
  // Nor is any other option read.
  const config = { key: '|/api', retry, maxRetries, onDead: 'skip', validate: null } as unknown as BackendConfig;
  const { turn: _, ...entry } = record({ reason: 'first-send' });
  const names = Array.from({ length: lanes }, (_, lane) => `lane ${lane}`);
  return Array.from({ length: clients }, (_, number) => ({
    backend: createBackend(config, ports, createConnectivityNews(), createServerClocks()('https://app.example'), new Providers(ports.outbox)),
    entries: names.map((lane, index) => ({ ...entry, seq: number * lanes + index, lane })),
    busy: new Set<string>(),
  }));
}

const viewOf = ({ backend: { record }, busy }: Client): BackendView => ({
  concurrency: CONCURRENCY,
  busyLanes: busy,
  tokenInFlight: false,
  circuit: record.circuit,
  isProbed: false,
  throttledUntil: record.throttledUntil,
  isRetryGateClosed: false,
  maxAgeMs: Infinity,
  auth: () => 'open',
  standing: () => 'ready',
});
