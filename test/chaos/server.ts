import { setTimeout as passes } from 'node:timers/promises';
import { createApiServer, type ApiServer, type Received, type Reply } from '../support/api-server.js';
import { isFaithful } from './faithful.js';
import { opIdOf, type Op } from './op.js';
import type { Fault, Weather } from './plan.js';
import { between, seededFor } from './random.js';
import type { Effect, Moment, Seen } from './record.js';

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

/** A server that honours idempotency keys, and has weather. */
export async function createChaosServer(seed: number, ops: readonly Op[], now: () => Moment): Promise<ChaosServer> {
  const api = await createApiServer();
  const byId = new Map(ops.map((op) => [op.id, op]));
  const seen: Seen[] = [];
  const effects: (Effect & { judged: Promise<void> })[] = [];
  const acted = new Set<string>();
  const bodies = new Map<string, Buffer>();
  const attempts = new Map<number, number>();
  const resets = new Map<number, number>();
  const dawdling = new Set<number>();
  const arrivals = new Map<number, () => void>();
  let good = new Set<string>();
  let weather: Weather = null;

  /** Acts once for each key, and says the same again for a repetition. */
  function act(request: Received, note: Seen): Reply {
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
    const breaks = weather.fault.startsWith('reset');
    const broken = resets.get(op) ?? 0;
    if (breaks && broken === MOST_RESETS) return null;
    if (breaks) resets.set(op, broken + 1);
    return weather.fault;
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
        const reply = early ? act(request, note) : null;
        await passes(between(random, 50, 600));
        return reply ?? act(request, note);
      }
      case 'reset':
      case 'hang':
        return fault;
      case 'reset-after':
        act(request, note);
        return 'reset';
      case 'hang-after':
        act(request, note);
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
      await Promise.all(effects.map(({ judged }) => judged));
      return effects;
    },
    async weather(next) {
      const wasDown = weather?.fault === 'down';
      weather = next;
      if (next?.fault === 'down' && !wasDown) await api.unlisten();
      if (wasDown && next?.fault !== 'down') await api.listen();
    },
    tokenFor,
    lapse: () => {
      good = new Set();
    },
    dawdle: (op) => void dawdling.add(op),
    arrival: (op) => new Promise((resolve) => void arrivals.set(op, resolve)),
    serve: api.serve,
    close: async () => {
      if (weather?.fault !== 'down') await api.close();
    },
  };
}
