import { between, oneOf, seeded, type Random } from '../../chaos/random.js';
import type { Action, Op, Script } from '../actions.js';

/** What's wrong with a row: nobody's URL, no request in it, a directive or a method that can't be. */
export type Flaw = 'nobodys' | 'blank' | 'directive' | 'method';

export type OldQueueDeed =
  /** A queue of workbox-background-sync has it on disk, since so long. */
  | { do: 'owe'; queue: string; op: Op; method: string; user: string; agoMs: number; flaw: Flaw | null }
  /** An older worker, with workbox in it, replays a queue, and is ended after so long. */
  | { do: 'old-replay'; queue: string; forMs: number };

export const QUEUES = ['writes', 'uploads'];

const SHARE = 0.15;

/** The numbers of what is owed begin here. */
const FIRST = 10_001;

const METHODS = ['POST', 'POST', 'PUT', 'PATCH', 'DELETE'];
const FLAWS: readonly Flaw[] = ['nobodys', 'blank', 'directive', 'method'];

/** In some seeds workbox's queues owe something when the run begins. It's drawn apart: all other seeds stay as they are. */
export function withOldQueue(script: Script): Script {
  const random = seeded(script.seed ^ 0x0f_0e_0d_0c);
  // An old queue's requests carry tokens, which nobody brings where users are known by a cookie.
  if (random() >= SHARE || script.setup.sessions === 'cookie') return script;
  const mine: Action[] = [];
  let at = 0;
  const act = (deed: Omit<Action, 'at'>) => mine.push({ ...deed, at: Math.round(at) } as Action);
  for (let id = FIRST, end = FIRST + between(random, 1, 9); id < end; id++)
    act({ do: 'owe', queue: oneOf(random, QUEUES), op: opOf(random, id), method: oneOf(random, METHODS), user: oneOf(random, ['ann', 'ann', 'bob']), agoMs: between(random, 0, 90_000), flaw: random() < 0.15 ? oneOf(random, FLAWS) : null } as Action);
  // The first worker takes it over within its first 200 ms or so.
  const isDown = random() < 0.4;
  if (isDown) act({ do: 'weather', weather: { fault: 'down', share: 1 } } as Action);
  for (let left = between(random, 0, 4); left > 0; left--) {
    at = oneOf(random, [between(random, 20, 80), between(random, 40, 200), between(random, 40, 200), between(random, 200, 6_000)]);
    const kind = oneOf(random, ['kill', 'kill', 'kill', 'full', 'unopened', 'update', 'old-replay', 'old-replay'] as const);
    if (kind === 'kill') act({ do: kind, whose: 'active', afterCalls: between(random, 1, 60) } as Action);
    else if (kind === 'update') act({ do: kind });
    else if (kind === 'old-replay') act({ do: kind, queue: oneOf(random, QUEUES), forMs: between(random, 1, 3_000) } as Action);
    else act({ do: kind, times: between(random, 1, 2) } as Action);
  }
  at = between(random, 100, 3_000);
  if (isDown) act({ do: 'weather', weather: null } as Action);
  const actions = [...mine, ...script.actions].toSorted((a, b) => a.at - b.at);
  return { ...script, setup: { ...script.setup, adopts: true }, actions };
}

function opOf(random: Random, id: number): Op {
  const isAnonymous = random() < 0.1;
  return {
    id,
    backend: random() < 0.7 ? 'api' : 'bare',
    lane: oneOf(random, [null, null, null, 'a']),
    mode: null,
    taskId: null,
    replace: false,
    isAnonymous,
    isRefused: random() < 0.05,
    body: oneOf(random, [null, null, null, 'bytes', 'long', 'large']),
  };
}
