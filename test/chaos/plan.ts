import type { Op, User } from './op.js';
import { between, oneOf, seeded, weighted, type Random } from './random.js';

/** What the server does to requests under `/api`. */
export type Fault =
  /** The port is closed. */
  | 'down'
  /** Acts, and answers late, or acts late. */
  | 'slow'
  | 'reset'
  /** Acts, and the answer is lost. */
  | 'reset-after'
  | 'hang'
  | 'hang-after'
  | '500'
  | '503'
  | '503-later'
  | '429'
  | '429-later';

/** `share` of the requests meet the fault. */
export type Weather = { fault: Fault; share: number } | null;

/** One step of the run. `tab` counts from 0. */
export type Step =
  /** `patient`: the next step waits for the answer, for a while. */
  | { do: 'post'; tab: number; op: Op; patient: boolean }
  /** All at once. */
  | { do: 'burst'; tab: number; ops: Op[] }
  | { do: 'weather'; weather: Weather }
  | { do: 'lull'; ms: number }
  | { do: 'stop' }
  /** Stops the worker when the server has the request, or so many milliseconds after the call. */
  | { do: 'stop-in-flight'; tab: number; op: Op; at: 'arrival' | number }
  /** Kills the server's process that writes the post, in the midst of it. */
  | { do: 'kill-server'; tab: number; op: Op }
  | { do: 'kill'; tab: number; inFlight: Op[]; afterMs: number }
  | { do: 'reload' | 'close' | 'open'; tab: number }
  | { do: 'sign-in'; tab: number; user: User }
  | { do: 'pause' | 'resume' | 'replay'; tab: number }
  | { do: 'update'; tab: number }
  | { do: 'lapse' };

export interface PlanOptions {
  seed: number;
  /** Posts in all. */
  ops: number;
  tabs: number;
  /** The weight of steps that stop the worker over a write-ahead post, beside the usual steps. @default 0 */
  stops?: number;
  /** The server has processes that are killed. @default false */
  example?: boolean;
}

/** How often each kind of step comes up. */
const WEIGHTS = {
  post: 60,
  burst: 7,
  weather: 7,
  lull: 5,
  stop: 3,
  'stop-in-flight': 4,
  kill: 1,
  reload: 1.5,
  close: 1.5,
  'sign-in': 3,
  pause: 1.5,
  replay: 2,
  update: 1,
  lapse: 2.5,
};

/** The steps that only some runs have. */
const weightsOf = ({ stops = 0, example = false }: PlanOptions) => ({
  ...WEIGHTS,
  ...(stops > 0 && { 'stop-ahead': stops }),
  ...(example && { 'kill-server': 2.5 }),
});

const FAULTS: Record<Fault, number> = {
  down: 4,
  slow: 4,
  reset: 2,
  'reset-after': 3,
  hang: 0.7,
  'hang-after': 0.7,
  '500': 2,
  '503': 2,
  '503-later': 0.7,
  '429': 1.5,
  '429-later': 0.7,
};

/** What is so for some steps, and ends by itself. */
interface Spell {
  left: number;
  end: Step;
}

/** The steps of a run: a pure function of the seed. */
export function plan(options: PlanOptions): Step[] {
  const { seed, ops, tabs } = options;
  const weights = weightsOf(options);
  const random = seeded(seed);
  const users: User[] = Array.from({ length: tabs }, () => 'ann');
  const open = new Set(users.keys());
  const steps: Step[] = [];
  let spells: Spell[] = [];
  let posted = 0;
  const nextOp = (tab: number): Op => drawOp(random, ++posted, users[tab]!);
  const nextOps = (tab: number, least: number, most: number): Op[] =>
    Array.from({ length: Math.min(between(random, least, most), ops - posted) }, () => nextOp(tab));

  while (posted < ops) {
    const tab = oneOf(random, [...open]);
    const kind = weighted(random, weights);
    const is = (end: Step['do']) => spells.some((spell) => spell.end.do === end);
    const lasts = (end: Step, least: number, most: number) => spells.push({ left: between(random, least, most), end });
    switch (kind) {
      case 'post':
        {
          const op = nextOp(tab);
          // What waits for the server's real answer may wait for the end of the run.
          steps.push({ do: 'post', tab, op, patient: op.mode !== 'wait' && random() < 0.7 });
        }
        break;
      case 'burst':
        steps.push({ do: 'burst', tab, ops: nextOps(tab, 2, 8) });
        break;
      case 'weather':
        if (is('weather')) break;
        steps.push({ do: 'weather', weather: drawWeather(random) });
        lasts({ do: 'weather', weather: null }, 3, 25);
        break;
      case 'lull':
        steps.push({ do: 'lull', ms: between(random, 5, 250) });
        break;
      case 'stop-in-flight':
        steps.push({ do: kind, tab, op: nextOp(tab), at: random() < 0.6 ? 'arrival' : between(random, 0, 40) });
        break;
      case 'stop-ahead':
        steps.push({ do: 'stop-in-flight', tab, op: { ...nextOp(tab), backend: 'ahead' }, at: random() < 0.6 ? 'arrival' : between(random, 0, 40) });
        break;
      case 'kill-server':
        steps.push({ do: kind, tab, op: nextOp(tab) });
        break;
      case 'kill':
        steps.push({ do: kind, tab, inFlight: nextOps(tab, 0, 4), afterMs: between(random, 0, 60) });
        break;
      case 'close':
        if (open.size === 1) break;
        open.delete(tab);
        steps.push({ do: 'close', tab });
        lasts({ do: 'open', tab }, 2, 15);
        break;
      case 'sign-in':
        // Most of the time everybody is ann.
        users[tab] = users[tab] === 'bob' || random() < 0.5 ? 'ann' : 'bob';
        steps.push({ do: kind, tab, user: users[tab] });
        break;
      case 'pause':
        if (is('resume')) break;
        steps.push({ do: 'pause', tab });
        lasts({ do: 'resume', tab }, 2, 20);
        break;
      case 'stop':
      case 'lapse':
        steps.push({ do: kind });
        break;
      default:
        steps.push({ do: kind, tab });
    }
    spells = spells.filter((spell) => {
      if (spell.left-- > 0) return true;
      if (spell.end.do === 'open') open.add(spell.end.tab);
      // The tab that was to end it may be closed by now.
      steps.push('tab' in spell.end && !open.has(spell.end.tab) ? { ...spell.end, tab: [...open][0]! } : spell.end);
      return false;
    });
  }
  return steps;
}

function drawOp(random: Random, id: number, user: User): Op {
  const kind = weighted(random, { text: 3, json: 4, form: 1.5, params: 2, bytes: 2 });
  return {
    id,
    backend: oneOf(random, ['plain', 'ahead']),
    lane: oneOf(random, ['a', 'b', 'c']),
    user,
    mode: weighted(random, { queued: 8, wait: 1, reject: 1 }),
    kind,
    // Many small ones, a few up to 300 kB.
    size: kind === 'form' ? Math.round(1000 * 300 ** random()) : between(random, 0, 400),
  };
}

function drawWeather(random: Random): Weather {
  const fault = weighted(random, FAULTS);
  return { fault, share: fault === 'down' ? 1 : oneOf(random, [0.3, 0.6, 1]) };
}

/** The posts of a plan, in the order in which they are made. */
export const opsOf = (steps: readonly Step[]): Op[] =>
  steps.flatMap((step) => {
    if (step.do === 'post' || step.do === 'stop-in-flight' || step.do === 'kill-server') return [step.op];
    if (step.do === 'burst') return step.ops;
    return step.do === 'kill' ? step.inFlight : [];
  });
