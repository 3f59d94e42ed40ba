import { setTimeout as passes } from 'node:timers/promises';
import { createApiServer, type ApiServer, type Received, type Reply } from '../support/api-server.js';
import { isFaithful } from './faithful.js';
import { opIdOf, type Op } from './op.js';
import type { Fault, Weather } from './plan.js';
import { between, seededFor } from './random.js';
import type { Effect, Moment, Seen } from './record.js';
import type { Upstream } from './upstream.js';

export interface ChaosServer {
  origin: string;
  seen: Seen[];
  /** Resolves when every effect has been compared with what the page sent. */
  effects(): Promise<Effect[]>;
  weather(next: Weather): Promise<void>;
  /** A fresh token. */
  tokenFor(user: string): Promise<string>;
  /** From now on no token that was given out before is good. */
  lapse(): void;
  /** Kills the process that writes this op next. Resolves with false when none is killed any more, and never where there's none. */
  killOver(op: number): Promise<boolean>;
  /** Ends all faults. Resolves when writes can be done. */
  calm(): Promise<void>;
  /** The first request of this op stays under way for a while. */
  dawdle(op: number): void;
  /** Resolves when a request of this op has come. */
  arrival(op: number): Promise<void>;
  serve: ApiServer['serve'];
  close(): Promise<void>;
}

/** Longer than any run. */
const TOKEN_S = 24 * 3600;

/** An entry that breaks five times running while others get through is a dead letter by rule. */
const MOST_RESETS = 2;

const JWT_401 = { status: 401, headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } };

export interface ChaosServerOptions {
  seed: number;
  ops: readonly Op[];
  now: () => Moment;
  /** Does the writes in the place of this server, which is a gateway then. */
  upstream: Upstream | null;
}

/** A server that honours idempotency keys, and has weather. */
export async function createChaosServer({ seed, ops, now, upstream }: ChaosServerOptions): Promise<ChaosServer> {
  const api = await createApiServer();
  const byId = new Map(ops.map((op) => [op.id, op]));
  const seen: Seen[] = [];
  const effects: (Effect & { judged: Promise<void> })[] = [];
  const acted = new Set<string>();
  const bodies = new Map<string, Buffer>();
  const attempts = new Map<number, number>();
  const faithful = new Map<number, Promise<boolean>>();
  const resets = new Map<number, number>();
  const dawdling = new Set<number>();
  const arrivals = new Map<number, () => void>();
  let good = new Set<string>();
  let weather: Weather = null;

  upstream?.begin();

  /** Has a write done by the server behind. An answer that doesn't come from there is a broken connection, or the gateway's 502. */
  async function passOn(request: Received, note: Seen, behind: Upstream): Promise<Reply> {
    const { op, key, user } = note;
    const passed = faithful.get(op) ?? isFaithful(byId.get(op)!, { ...request });
    faithful.set(op, passed);
    const answer = await behind.write({ op, user: user!, key, body: request.body });
    const status = answer?.status ?? 502;
    const did = status === 201 ? (answer?.isKept ? 'repeated' : 'acted') : answer ? `answered ${status}` : 'lost with its process';
    note.did = `${note.did} ${did}`.trim();
    if (!answer && mayBreak(op)) return 'reset';
    return { status, ...(status === 201 && { body: { op } }), ...(answer && { headers: answer.headers }) };
  }

  /** Acts once for each key, and says the same again for a repetition. */
  async function act(request: Received, note: Seen): Promise<Reply> {
    if (upstream) return passOn(request, note, upstream);
    const { op, key, user } = note;
    if (key === null || !acted.has(key)) {
      if (key !== null) acted.add(key);
      const effect = { at: now(), op, key, user, faithful: true, judged: Promise.resolve() };
      effect.judged = isFaithful(byId.get(op)!, { ...request }).then((faithful) => void (effect.faithful = faithful));
      effects.push(effect);
      note.did = `${note.did} acted`.trim();
    } else {
      note.did = `${note.did} repeated`.trim();
    }
    return { status: 201, body: { op } };
  }

  function faultOf(op: number, share: number): Fault | null {
    if (weather === null || share >= weather.share) return null;
    return weather.fault.startsWith('reset') && !mayBreak(op) ? null : weather.fault;
  }

  /** Whether the connection of this op may break once more. */
  function mayBreak(op: number): boolean {
    const broken = resets.get(op) ?? 0;
    if (broken === MOST_RESETS) return false;
    resets.set(op, broken + 1);
    return true;
  }

  /** The order of the database is that of its rows. */
  async function rows(behind: Upstream): Promise<Effect[]> {
    const all = await behind.rows();
    return Promise.all(all.map(async ({ op, user }, n) => ({ at: { order: n, ms: 0 }, op, key: null, user, faithful: (await faithful.get(op)) ?? false })));
  }

  async function answer(request: Received): Promise<Reply> {
    const op = opIdOf(request.path);
    const key = request.headers['idempotency-key']?.toString() ?? null;
    const attempt = attempts.get(op) ?? 0;
    attempts.set(op, attempt + 1);
    const random = seededFor(seed, op, attempt);
    const raw = 'holdfast-lane' in request.headers;
    const note: Seen = { at: now(), op, key, user: request.user, did: '', sameBytes: isSame(key, request.body), raw };
    seen.push(note);
    arrivals.get(op)?.();
    if (!good.has(request.headers.authorization?.slice('Bearer '.length) ?? '')) {
      note.did = 'lapsed';
      return JWT_401;
    }
    const fault = dawdling.delete(op) ? 'slow' : faultOf(op, random());
    note.did = fault ?? '';
    switch (fault) {
      case 'slow': {
        const early = random() < 0.5;
        const reply = early ? await act(request, note) : null;
        await passes(between(random, 50, 600));
        return reply ?? act(request, note);
      }
      case 'reset':
      case 'hang':
        return fault;
      case 'reset-after':
        await act(request, note);
        return 'reset';
      case 'hang-after':
        await act(request, note);
        return 'hang';
      case '500':
      case '503':
        return { status: Number(fault) };
      case '503-later':
      case '429-later':
        return { status: Number(fault.slice(0, 3)), headers: { 'Retry-After': random() < 0.5 ? '0' : '1' } };
      case '429':
        return { status: 429, headers: { 'Retry-After': '0' } };
      default:
        return act(request, note);
    }
  }

  function isSame(key: string | null, body: Buffer): boolean {
    const first = bodies.get(key ?? '');
    if (key !== null && !first) bodies.set(key, body);
    return first?.equals(body) ?? true;
  }

  async function change(next: Weather): Promise<void> {
    const wasDown = weather?.fault === 'down';
    weather = next;
    if (next?.fault === 'down' && !wasDown) await api.unlisten();
    if (wasDown && next?.fault !== 'down') await api.listen();
  }

  api.reply(answer);
  const tokenFor = async (user: string) => {
    const token = await api.token(user, TOKEN_S);
    good.add(token);
    return token;
  };
  api.serve('/token', (url) => tokenFor(url.searchParams.get('user') ?? ''), 'text/plain');

  return {
    origin: api.origin,
    seen,
    effects: async () => {
      if (upstream) return rows(upstream);
      await Promise.all(effects.map(({ judged }) => judged));
      return effects;
    },
    weather: change,
    async calm() {
      await change(null);
      await upstream?.calm();
    },
    tokenFor,
    lapse: () => {
      good = new Set();
    },
    killOver: (op) => upstream?.killOver(op) ?? new Promise(() => {}),
    dawdle: (op) => void dawdling.add(op),
    arrival: (op) => new Promise((resolve) => void arrivals.set(op, resolve)),
    serve: api.serve,
    close: async () => {
      if (weather?.fault !== 'down') await api.close();
    },
  };
}
