import { between, oneOf, seeded, type Random } from '../../chaos/random.js';
import type { Action, Deed, Op, Script, Setup } from '../actions.js';
import { PLAIN } from '../setup.js';

/** So many seeds end with scenes, and with so many of them. */
const SHARE = 0.3;
const REPEATS = 3;

/** Such a seed is as plain as can be in what would keep a scene's writes back, or end them. */
const { capture, onDead, concurrency, maxEntries, maxBytes, maxAgeMs, givesUpAfter, isFinal500, layer, keeps } = PLAIN;
const SETUP: Partial<Setup> = { capture, onDead, concurrency, maxEntries, maxBytes, maxAgeMs, givesUpAfter, isFinal500, layer, keeps };

/** The numbers of the scenes' writes begin here. */
const FIRST = 50_001;

/** What a scene is made with. */
interface Stage {
  random: Random;
  /** Has something happen now. */
  act(deed: Deed): void;
  /** Lets some time pass, in milliseconds. */
  pass(least: number, most: number): void;
  /** Writes of the first page, one for each of what's given. */
  post(...ops: Partial<Op>[]): number[];
  /** What's posted waits, as the server fails; then the server is well, and a page has it replayed. */
  backlog(...ops: Partial<Op>[]): number[];
}

const LANES = ['c', 'd', 'e', 'f', 'g', 'h'];

/** So many writes in each lane. */
const rows = (count: number): Partial<Op>[] => Array.from({ length: count }, () => LANES.map((lane) => ({ lane }))).flat();

/** What's narrow in time, so that it seldom comes about by chance. */
const SCENES: Record<string, (stage: Stage) => void> = {
  /** Of several lanes that go out side by side, one entry after the other is cancelled about the time when it's due. */
  recall({ act, pass, backlog }) {
    const ops = backlog(...rows(5));
    pass(60, 200);
    for (const [at, op] of ops.entries()) {
      if (at % LANES.length === 0) pass(20, 80);
      if (at >= LANES.length) act({ do: 'cancel', page: 0, op });
    }
  },

  /** A worker dies when it has sent several entries of each lane, and what has become of them isn't written. */
  ahead({ act, pass, backlog }) {
    const ops = backlog(...rows(5));
    pass(150, 400);
    act({ do: 'kill', whose: 'active', afterCalls: 0 });
    act({ do: 'weather', weather: { fault: 'down', share: 1 } });
    for (const op of ops) act({ do: 'cancel', page: 0, op });
  },

  /** The server fails again, over the later entries of each lane. */
  relapse({ act, pass, backlog }) {
    backlog(...rows(5));
    pass(150, 350);
    act({ do: 'weather', weather: { fault: '500', share: 0.5 } });
  },

  /** What goes out is to be replaced. */
  overlap({ random, act, pass, post, backlog }) {
    const tasks = LANES.map((lane) => ({ lane, taskId: `scene-${lane}`, replace: true }));
    backlog(...tasks);
    if (random() < 0.3) act({ do: 'weather', weather: { fault: 'slow', share: 1 } });
    pass(0, oneOf(random, [5, 30, 200]));
    for (const task of tasks) {
      post(task);
      pass(0, 10);
    }
  },

  /** Another user comes while a worker reads the bodies of what it's about to send. */
  handover({ act, pass, backlog }) {
    backlog(...['a', 'b', 'c', 'd'].map((lane): Partial<Op> => ({ lane, body: 'large' })));
    pass(0, 30);
    act({ do: 'slow', share: 0.3 });
    pass(20, 2_000);
    act({ do: 'slow', share: 0 });
    act({ do: 'sign-in', page: 0, user: 'bob', provides: true });
  },

  /** A token is refused to what's on the wire, and the page has brought the next one by then. */
  renewal({ act, pass, backlog }) {
    act({ do: 'weather', weather: { fault: '500', share: 1 } });
    backlog(...['a', 'b', 'c'].map((lane) => ({ lane })));
    act({ do: 'weather', weather: { fault: 'slow', share: 1 } });
    pass(150, 400);
    act({ do: 'lapse' });
    pass(0, 200);
    act({ do: 'sign-in', page: 0, user: 'ann', provides: true });
  },

  /** A worker dies when it has taken a token, before it has said so to the page that brought it; and another tab signs the user out. */
  regret({ random, act, pass, post }) {
    act({ do: 'weather', weather: { fault: 'down', share: 1 } });
    post({}, {});
    pass(500, 1_500);
    act({ do: 'sign-in', page: 0, user: 'ann', provides: true });
    pass(0, 10);
    act({ do: 'kill', whose: 'active', afterCalls: between(random, 0, 12) });
    pass(50, 800);
    act({ do: 'sign-out', page: 1, purge: false });
    act({ do: 'weather', weather: null });
  },

  /** A worker is replaced while it sends, and stores what has failed once the newer one has looked at what waits; and the page writes on. */
  succession({ act, pass, post }) {
    const writes = LANES.map((lane) => ({ lane, isAnonymous: true }));
    act({ do: 'weather', weather: { fault: '500', share: 1 } });
    act({ do: 'update' });
    pass(0, 20);
    post(...writes);
    pass(70, 105);
    act({ do: 'weather', weather: null });
    post(...writes);
  },

  /** A worker dies over first sends, and the next one has begun to replay them when a late event comes again. */
  straggler({ act, pass, post }) {
    act({ do: 'weather', weather: { fault: 'slow', share: 1 } });
    post(...rows(2));
    pass(300, 450);
    act({ do: 'kill', whose: 'active', afterCalls: 0 });
    pass(5_000, 6_000);
    act({ do: 'weather', weather: null });
  },
};

/** In some seeds scenes come last, in a calm. They're drawn apart: all that's before them stays as it is. */
export function withScenes(script: Script): Script {
  const random = seeded(script.seed ^ 0x5c_e7_e5);
  if (random() >= SHARE || script.setup.sessions === 'cookie') return script;
  const actions: Action[] = [];
  let at = (script.actions.at(-1)?.at ?? 0) + 500;
  let ops = FIRST;
  const act = (deed: Deed) => void actions.push({ ...deed, at: Math.round(at) });
  const pass = (least: number, most: number) => void (at += least + random() * (most - least));
  const post = (...given: Partial<Op>[]) =>
    given.map((op) => {
      const id = ops++;
      act({ do: 'post', page: 0, op: { id, backend: 'api', lane: null, mode: null, taskId: null, replace: false, isAnonymous: false, isRefused: false, ...op } });
      return id;
    });
  const backlog = (...given: Partial<Op>[]) => {
    act({ do: 'weather', weather: { fault: '500', share: 1 } });
    // What's behind the first of its lane isn't sent, so that nobody can have acted on it.
    const isFirst = ({ lane }: Partial<Op>, at: number) => given.findIndex((op) => op.lane === lane) === at;
    const posted = post(...given.filter(isFirst));
    pass(500, 800);
    posted.push(...post(...given.filter((op, at) => !isFirst(op, at))));
    pass(500, 800);
    act({ do: 'weather', weather: null });
    act({ do: 'replay', page: 0 });
    return posted;
  };
  const play = oneOf(random, Object.values(SCENES));
  for (let left = REPEATS; left > 0; left--) {
    for (const kind of ['open', 'show', 'resume'] as const) act({ do: kind, page: 0 });
    act({ do: 'open', page: 1 });
    act({ do: 'weather', weather: null });
    act({ do: 'online' });
    act({ do: 'auth', works: true });
    act({ do: 'portal', isUp: false });
    act({ do: 'switch', page: 0, offlineMode: null });
    pass(1_000, 2_000);
    act({ do: 'sign-in', page: 0, user: 'ann', provides: true });
    pass(3_000, 10_000);
    play({ random, act, pass, post, backlog });
    pass(2_000, 20_000);
  }
  return { ...script, setup: { ...script.setup, ...SETUP }, actions: [...script.actions, ...actions] };
}
