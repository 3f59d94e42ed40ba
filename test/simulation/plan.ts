import { between, oneOf, seeded, weighted, type Random } from '../chaos/random.js';
import type { Action, Deed, Op, Script, Setup } from './actions.js';
import { extended } from './deeds/index.js';
import type { Fault, Weather } from './network.js';
import { PLAIN } from './setup.js';

const USERS = ['ann', 'bob'];
const LANES = [null, null, 'a', 'b'];
const MODES: readonly Op['mode'][] = [null, null, null, null, null, null, 'queued', 'wait', 'wait', 'wait', 'reject', 'bypass'];

const BODIES: readonly (NonNullable<Op['body']> | null)[] = [null, null, null, null, null, null, null, 'bytes', 'long', 'large', 'large'];

/** How often each kind of deed comes up. */
const WEIGHTS = {
  post: 50,
  burst: 6,
  lull: 10,
  rest: 2,
  weather: 7,
  calm: 5,
  offline: 2,
  online: 3,
  kill: 9,
  'kill-old': 1,
  update: 2.5,
  close: 1,
  open: 3,
  show: 2,
  hide: 1,
  'sign-in': 3,
  'sign-out': 1,
  lapse: 1.5,
  auth: 1,
  cancel: 2,
  retry: 1.5,
  discard: 0.7,
  edit: 0.7,
  pause: 0.5,
  resume: 1,
  replay: 1,
  switch: 0.5,
  slow: 0.6,
  full: 0.3,
  unopened: 0.3,
  disconnect: 0.4,
  remote: 0.6,
  portal: 0.6,
  /** What waits begins to go out, and another user signs in. */
  handover: 0.7,
  /** An update while a write is on the wire that will fail, and the page's next one. */
  swap: 0.7,
  /** An update while what waits is on the wire, and the page puts another write in its place. */
  supplant: 0.5,
  /** A sign-out, what is on its way then, and writes of tabs that haven't heard of it. */
  parting: 0.5,
  /** A worker dies over first sends while the kill switch is thrown. */
  blackout: 0.3,
  /** The database is lost, and doesn't open again at once, when there is something to send. */
  unplugged: 0.3,
  /** A worker dies when it's about to tell of a hold. */
  silence: 0.3,
  /** A server that says "not now" for minutes. */
  siege: 0.2,
};

type Weights = Record<keyof typeof WEIGHTS, number>;

/** What a run is mostly about: what comes up so many times as often. */
const THEMES: readonly Partial<Weights>[] = [
  {},
  {},
  { 'sign-in': 6, 'sign-out': 4, lapse: 3, auth: 2, handover: 4 },
  { 'sign-in': 8, 'sign-out': 2, slow: 6, update: 2, handover: 8 },
  { update: 5, swap: 8, 'kill-old': 8, weather: 1.5, kill: 0.3 },
  { kill: 3, offline: 2 },
  { cancel: 5, retry: 4, discard: 2, edit: 2, pause: 2, resume: 3 },
  { full: 5, unopened: 5, disconnect: 5, kill: 1.5, unplugged: 8 },
  { slow: 8, update: 2, kill: 1.5 },
  { remote: 10, update: 2, switch: 3 },
  { portal: 12, lull: 2, weather: 0.5 },
  { switch: 4, kill: 2, supplant: 8, parting: 8, blackout: 12, silence: 12, siege: 8, update: 2 },
];

/** What a seed stands for. */
export function planOf(seed: number, posts: number): Script {
  const random = seeded(seed);
  const theme = oneOf(random, THEMES);
  const setup = setupOf(random, theme);
  const weights = Object.fromEntries(Object.entries(WEIGHTS).map(([name, weight]) => [name, weight * (theme[name as keyof Weights] ?? 1)])) as Weights;
  const idShare = oneOf(random, [0.05, 0.15, 0.5]);
  const actions: Action[] = [{ at: 0, do: 'sign-in', page: 0, user: 'ann', provides: random() < 0.7 }];
  let at = 300;
  let ops = 0;
  const page = () => between(random, 0, setup.pages - 1);
  const act = (deed: Deed) => actions.push({ ...deed, at: Math.round(at) });
  const anOp = () => between(random, Math.max(1, ops - 12), Math.max(1, ops));
  const post = () => act({ do: 'post', page: page(), op: opOf(random, ++ops, idShare) });

  while (ops < posts) {
    const kind = weighted(random, weights);
    at += oneOf(random, [0, 1, 3, 20, 60, 300, 300, 1_000]) * (0.5 + random());
    switch (kind) {
      case 'post':
        post();
        break;
      case 'burst':
        for (let left = between(random, 2, 6); left > 0; left--) post();
        break;
      case 'lull':
        at += between(random, 500, 6_000);
        break;
      case 'rest':
        at += between(random, 10_000, 90_000);
        break;
      case 'weather':
        act({ do: 'weather', weather: weatherOf(random) });
        break;
      case 'calm':
        act({ do: 'weather', weather: null });
        break;
      case 'kill':
        act({ do: 'kill', whose: 'active', afterCalls: oneOf(random, [0, 0, between(random, 1, 12), between(random, 1, 60)]) });
        break;
      case 'kill-old':
        act({ do: 'kill', whose: 'old', afterCalls: oneOf(random, [0, between(random, 1, 20)]) });
        break;
      case 'update':
      case 'offline':
      case 'online':
      case 'lapse':
      case 'disconnect':
        act({ do: kind });
        break;
      case 'sign-in':
        act({ do: kind, page: page(), user: oneOf(random, USERS), provides: random() < 0.6 });
        break;
      case 'sign-out':
        act({ do: kind, page: page(), purge: random() < 0.5 });
        break;
      case 'auth':
        act({ do: kind, works: random() < 0.7 });
        break;
      case 'cancel':
      case 'retry':
      case 'discard':
      case 'edit':
        act({ do: kind, page: page(), op: anOp() });
        break;
      case 'switch':
        act({ do: kind, page: page(), offlineMode: oneOf(random, [false, null, null]) });
        break;
      case 'slow':
        act({ do: kind, share: oneOf(random, [0, 0.02, 0.1]) });
        at += 3_000;
        act({ do: kind, share: 0 });
        break;
      case 'full':
        // A delivery is tried four times with its answer, and its removal in between.
        act({ do: kind, times: between(random, 1, 12) });
        break;
      case 'unopened':
        act({ do: kind, times: between(random, 1, 3) });
        break;
      case 'remote':
        act({ do: kind, autoRetry: random() < 0.7, offlineMode: random() < 0.6, says: oneOf(random, ['json', 'json', 'json', 'nonsense', 'nothing'] as const) });
        // A call asks for it at once.
        if (random() < 0.6) act({ do: 'switch', page: page(), offlineMode: null });
        break;
      case 'portal':
        act({ do: kind, isUp: true });
        for (let left = between(random, 1, 3); left > 0; left--) post();
        at += between(random, 3_000, 20_000);
        if (random() < 0.7) post();
        act({ do: kind, isUp: false });
        break;
      case 'handover':
        act({ do: 'weather', weather: { fault: oneOf(random, ['down', '500'] as const), share: 1 } });
        for (let left = 4; left > 0; left--) post();
        at += between(random, 50, 4_000);
        act({ do: 'weather', weather: null });
        act({ do: 'slow', share: oneOf(random, [0, 0, 0.3]) });
        act({ do: 'replay', page: page() });
        at += oneOf(random, [between(random, 2, 40), between(random, 40, 2_000)]);
        act({ do: 'sign-in', page: page(), user: oneOf(random, USERS), provides: true });
        act({ do: 'slow', share: 0 });
        break;
      case 'supplant': {
        const task = { ...opOf(random, ++ops, 1), taskId: 'task-1', replace: true, mode: null };
        act({ do: 'weather', weather: { fault: '500', share: 1 } });
        act({ do: 'post', page: page(), op: task });
        at += between(random, 300, 1_500);
        act({ do: 'weather', weather: { fault: 'slow', share: 1 } });
        act({ do: 'replay', page: page() });
        at += between(random, 10, 100);
        act({ do: 'update' });
        at += between(random, 60, 400);
        act({ do: 'post', page: page(), op: { ...task, id: ++ops } });
        act({ do: 'weather', weather: null });
        break;
      }
      case 'parting': {
        const signsIn = random() < 0.5;
        act({ do: 'weather', weather: { fault: '500', share: 1 } });
        post();
        at += between(random, 0, 300);
        if (signsIn) act({ do: 'sign-in', page: page(), user: oneOf(random, USERS), provides: true });
        at += between(random, 0, 25);
        act({ do: 'sign-out', page: page(), purge: !signsIn && random() < 0.5 });
        for (let left = 3; left > 0; left--) {
          at += between(random, 0, 4);
          post();
        }
        at += between(random, 100, 2_000);
        act({ do: 'weather', weather: null });
        break;
      }
      case 'swap':
        post();
        act({ do: 'weather', weather: { fault: oneOf(random, ['500', 'reset', 'reset-after', 'slow'] as const), share: 1 } });
        at += between(random, 1, 20);
        act({ do: 'update' });
        at += between(random, 40, 400);
        act({ do: 'weather', weather: null });
        for (let left = 2; left > 0; left--) {
          at += between(random, 1, 700);
          post();
        }
        break;
      case 'blackout':
        act({ do: 'weather', weather: { fault: 'slow', share: 1 } });
        for (let left = 3; left > 0; left--) post();
        at += between(random, 260, 900);
        act({ do: 'switch', page: page(), offlineMode: false });
        at += between(random, 20, 80);
        act({ do: 'kill', whose: 'active', afterCalls: 0 });
        act({ do: 'weather', weather: null });
        at += 1_500;
        act({ do: 'weather', weather: { fault: '500', share: 1 } });
        post();
        at += 1_500;
        act({ do: 'weather', weather: null });
        act({ do: 'switch', page: page(), offlineMode: null });
        break;
      case 'unplugged':
        act({ do: 'weather', weather: { fault: '500', share: 1 } });
        post();
        at += between(random, 100, 1_000);
        act({ do: 'disconnect' });
        act({ do: 'unopened', times: between(random, 3, 5) });
        act({ do: 'replay', page: page() });
        act({ do: 'weather', weather: null });
        at += between(random, 1_000, 9_000);
        break;
      case 'silence':
        act({ do: 'lapse' });
        post();
        at += between(random, 1, 10);
        act({ do: 'kill-at', port: 'broadcast held' });
        at += between(random, 1_000, 15_000);
        break;
      case 'siege':
        act({ do: 'weather', weather: { fault: '503', share: 1 } });
        for (let left = 4; left > 0; left--) post();
        at += between(random, 60_000, 240_000);
        act({ do: 'weather', weather: null });
        break;
      default:
        act({ do: kind, page: page() });
    }
  }
  return extended({ seed, setup, actions });
}

const setupOf = (random: Random, theme: Partial<Weights>): Partial<Setup> & Pick<Setup, 'pages'> => ({
  capture: random() < 0.35 ? 'write-ahead' : 'on-failure',
  onDead: random() < 0.2 ? 'block' : 'skip',
  maxEntries: random() < 0.1 ? 8 : 1000,
  concurrency: oneOf(random, [1, 2, 6, 6]),
  networkTimeoutMs: oneOf(random, [3_000, 10_000]),
  respond: random() < 0.1 ? 'wait' : 'queued',
  tokenS: oneOf(random, [20, 90, 300, 3_600]),
  pages: between(random, 1, 3),
  learns: random() < 0.85,
  maxAgeMs: random() < 0.1 ? 60_000 : 7 * 86_400_000,
  maxRejections: 3,
  maxBytes: random() < 0.08 ? 100_000 : PLAIN.maxBytes,
  keepsBlobs: random() < 0.9,
  tokens: random() < 0.2 ? 'opaque' : 'jwt',
  on401: random() < 0.15 ? 'pass' : 'hold',
  givesUpAfter: random() < 0.12 ? between(random, 1, 4) : null,
  isFinal500: random() < 0.1,
  hasRemote: theme.remote !== undefined || random() < 0.2,
  validates: theme.portal !== undefined || random() < 0.3,
  adopts: false,
});

function opOf(random: Random, id: number, idShare: number): Op {
  const taskId = random() < idShare ? `task-${between(random, 1, 4)}` : null;
  return {
    id,
    backend: random() < 0.7 ? 'api' : 'bare',
    lane: oneOf(random, LANES),
    mode: oneOf(random, MODES),
    taskId,
    replace: taskId !== null && random() < 0.7,
    isAnonymous: random() < 0.1,
    isRefused: random() < 0.04,
    body: oneOf(random, BODIES),
  };
}

const FAULTS: Record<Fault | 'mixed', number> = {
  mixed: 6, down: 4, reset: 2, 'reset-after': 3, hang: 1, 'hang-after': 2, slow: 2, '500': 1.5, '503': 1.5, '503-later': 1, '429-later': 1,
};

const weatherOf = (random: Random): Weather => ({ fault: weighted(random, FAULTS), share: oneOf(random, [0.3, 0.6, 1]) });
