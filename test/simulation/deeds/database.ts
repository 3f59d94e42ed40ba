import { between, oneOf, seeded, type Random } from '../../chaos/random.js';
import type { LossError } from '../disk/disk.js';
import type { Action, Op, Script } from '../actions.js';

export type DatabaseDeed =
  /** The first version of the product has left it on disk, since so long. */
  | { do: 'leave'; op: Op; user: string; agoMs: number }
  /** All connections are lost, with what's under way on them: at once (null), over the next transaction, or over its commit. */
  | { do: 'lose'; error: LossError; over: 'transaction' | 'commit' | null }
  /** Somebody has the database open for so long, and makes way for nobody. */
  | { do: 'hold'; forMs: number }
  /** Somebody begins an upgrade, which takes so long and then breaks off. */
  | { do: 'upgrade'; forMs: number }
  /** An update to a release of the product with a newer database. */
  | { do: 'release' };

const SHARE = 0.15;

/** The numbers of what the first version has left begin here. */
const FIRST = 20_001;

/** In some seeds the database is upgraded, held open, or lost. It's drawn apart: all other seeds stay as they are. */
export function withDatabase(script: Script): Script {
  const random = seeded(script.seed ^ 0x1a_2b_3c_4d);
  if (random() >= SHARE) return script;
  const mine: Action[] = [];
  const act = (at: number, deed: Omit<Action, 'at'>) => mine.push({ ...deed, at: Math.round(at) } as Action);
  const end = script.actions.at(-1)?.at ?? 0;
  // The first version's entries carry tokens, which nobody brings where users are known by a cookie.
  if (random() < 0.4 && script.setup.sessions === 'token') {
    for (let id = FIRST, last = FIRST + between(random, 0, 6); id <= last; id++)
      act(0, { do: 'leave', op: opOf(random, id), user: oneOf(random, ['ann', 'ann', 'bob']), agoMs: between(random, 0, 90_000) } as Action);
    if (random() < 0.6) act(0, { do: 'hold', forMs: between(random, 100, 20_000) } as Action);
    if (random() < 0.5) act(between(random, 20, 150), { do: 'kill', whose: 'active', afterCalls: between(random, 1, 12) } as Action);
  }
  for (let left = between(random, 1, 6); left > 0; left--) {
    const at = random() * end;
    const kind = oneOf(random, ['lose', 'lose', 'lose', 'hold', 'upgrade', 'release'] as const);
    if (kind === 'lose') act(at, { do: kind, error: oneOf(random, ['UnknownError', 'AbortError'] as const), over: oneOf(random, [null, 'transaction', 'commit', 'commit'] as const) } as Action);
    else if (kind === 'release') act(at, { do: kind });
    else act(at, { do: kind, forMs: between(random, 20, oneOf(random, [200, 20_000])) } as Action);
  }
  return { ...script, actions: [...mine, ...script.actions].toSorted((a, b) => a.at - b.at) };
}

const opOf = (random: Random, id: number): Op => ({
  id,
  backend: random() < 0.7 ? 'api' : 'bare',
  lane: oneOf(random, [null, null, 'a']),
  mode: null,
  taskId: null,
  replace: false,
  isAnonymous: false,
  isRefused: random() < 0.05,
  body: oneOf(random, [null, null, 'bytes', 'long']),
});
