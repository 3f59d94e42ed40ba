import type { Setup } from './actions.js';
import type { Agenda } from './agenda.js';
import { Documents } from './documents.js';
import { realIdOf } from './deeds/ids.js';
import { opOf, type Effect, type History } from './history.js';
import { readToken } from './tokens.js';

/** A request as the server has it. */
export interface Arrived {
  url: string;
  method: string;
  headers: Record<string, string>;
  body: string;
  /** Whose session the cookies are that it came with; null for none. */
  session: string | null;
}

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** One send of a request, as the server has it. */
export interface Taken {
  /** How long the server is at it, in milliseconds. */
  workMs: number;
  /** The application fails at it. */
  fails: boolean;
  /** Called with the answer. */
  answered(answer: Answer): void;
}

/** The app's API: under `/api` it honours idempotency keys, under `/bare` it ignores them. */
export class Server {
  /** By key: what was answered first, or whoever waits until the server is done with it. */
  #answers = new Map<string, Answer | ((answer: Answer) => void)[]>();
  readonly documents = new Documents();
  /** By op: how often its token, or its session, was refused, but for refusals that were kept and given again. */
  readonly refusals = new Map<number, number>();
  /** Tokens with a lower serial number are refused, whatever they say of themselves. */
  validFrom = 0;
  /** What its clients may do, and how that's said. */
  switches: { autoRetry: boolean; offlineMode: boolean; says: 'json' | 'nonsense' | 'nothing' } = { autoRetry: true, offlineMode: true, says: 'json' };
  /** What it has said of that in good words; `at` is by the device's clock, in milliseconds since the epoch. */
  readonly said: { at: number; autoRetry: boolean; offlineMode: boolean }[] = [];

  constructor(
    readonly agenda: Agenda,
    readonly history: History,
    /** By its own clock. */
    readonly now: () => number,
    readonly setup: Pick<Setup, 'sessions' | 'isDated' | 'aheadS' | 'layer' | 'keeps' | 'conflictStatus' | 'demandsCondition'>,
  ) {}

  /** Acts on a request, once it's there. */
  take(arrived: Arrived, { workMs, fails, answered }: Taken): void {
    const { url, method, headers } = arrived;
    const { pathname } = new URL(url);
    const [, prefix = ''] = pathname.split('/');
    const op = opOf(url);
    if (method === 'HEAD') return answered(answer(405));
    if (prefix === 'switches') return answered(this.#configuration());
    const user = this.userOf(arrived);
    if (method === 'GET') return answered(user === null ? answer(401) : answer(200, '[]'));
    const key = headers['idempotency-key'] ?? null;
    const order = this.history.arrived({ op, prefix, key, user, headers, method });
    const refusal = user === null && !pathname.includes('/open/') ? this.#refusal() : null;
    const { keeps } = this.setup;
    // A layer that keeps refusals lies before what looks at tokens, and so knows of no users.
    if (refusal && keeps === 'nothing') return answered(this.#refused(op, refusal));
    const scope = prefix === 'api' && key !== null ? (keeps === 'nothing' ? `${user} ${key}` : key) : null;
    const known = scope === null ? undefined : this.#answers.get(scope);
    if (known) return Array.isArray(known) ? this.#meanwhile(known, answered) : answered(keeps === 'marked' ? { ...known, headers: { ...known.headers, 'idempotency-replayed': 'true' } } : known);
    const keep = (made: Answer) => {
      if (scope !== null) this.#answers.set(scope, made);
      return made;
    };
    if (refusal) return answered(keep(this.#refused(op, refusal)));
    const work = () => answered(this.#work(arrived, op, { prefix, key, user, arrivedOrder: order }, fails, keep));
    if (workMs === 0) return work();
    const waiting: ((answer: Answer) => void)[] = [];
    if (scope !== null) this.#answers.set(scope, waiting);
    this.agenda.in(workMs, null, () => {
      if (scope !== null) this.#answers.delete(scope);
      work();
      // Only the first request has met the weather that makes it slow.
      for (const wait of waiting) this.take(arrived, { workMs: 0, fails, answered: wait });
    });
  }

  /** Does what's asked for, or fails at it. A failure that isn't kept is one after which another request may be tried under the key. */
  #work({ url, method, headers, body }: Arrived, op: number, about: Pick<Effect, 'prefix' | 'key' | 'user' | 'arrivedOrder'>, fails: boolean, keep: (made: Answer) => Answer): Answer {
    const { keeps } = this.setup;
    if (fails) return keeps === 'nothing' ? answer(500) : keep(answer(500));
    if (/^(\{ ")?refuse/.test(body)) return keeps === 'nothing' ? answer(422, `{"op":${op}}`) : keep(answer(422, `{"op":${op}}`));
    const { pathname } = new URL(url);
    const isDocument = this.history.posts.get(op)?.op.document != null;
    const refusal = isDocument ? this.documents.write(pathname, { op, user: about.user, method, condition: headers['if-match'] ?? null, body }, this.setup) : null;
    const etag = () => ({ etag: this.documents.tag(pathname) });
    if (refusal !== null) {
      const made = answer(refusal, JSON.stringify(this.documents.versions(pathname).at(-1)!.fields), etag());
      return keeps === 'nothing' ? made : keep(made);
    }
    this.history.acted({ op, ...about, body });
    if (isDocument) return keep(answer(200, `{"op":${op}}`, etag()));
    return keep(answer(201, `{"op":${op},"id":"${realIdOf(op)}"}`));
  }

  /** What's said while the server is at an earlier request under the key. */
  #meanwhile(waiting: ((answer: Answer) => void)[], answered: (answer: Answer) => void): void {
    const { layer } = this.setup;
    if (layer === 'busy') answered(answer(409, '{"error":"in progress"}', { 'retry-after': '1' }));
    else if (layer === 'unmarked') answered(answer(409, '{"error":"conflict"}'));
    else waiting.push(answered);
  }

  #refusal(): Answer {
    if (this.setup.sessions === 'cookie') return answer(401, '{"error":"nobody is signed in"}');
    return answer(401, '{"error":"expired"}', { 'www-authenticate': 'Bearer error="invalid_token", error_description="expired"' });
  }

  #refused(op: number, refusal: Answer): Answer {
    this.refusals.set(op, (this.refusals.get(op) ?? 0) + 1);
    return refusal;
  }

  /** What's off is left out half of the time: a key that's missing means false. */
  #configuration(): Answer {
    const { autoRetry, offlineMode, says } = this.switches;
    if (says !== 'json') return says === 'nonsense' ? answer(200, '<html>', { 'content-type': 'text/html' }) : answer(404);
    this.said.push({ at: this.now() - this.setup.aheadS * 1_000, autoRetry, offlineMode });
    return answer(200, JSON.stringify({ ...(autoRetry && { autoRetry }), ...((offlineMode || autoRetry) && { offlineMode }) }));
  }

  /** What's added to each of its answers. */
  get stamp(): Record<string, string> {
    return this.setup.isDated ? { date: new Date(this.now()).toUTCString() } : {};
  }

  /** As whom it takes a request; null for nobody. */
  userOf({ url, headers, session }: Arrived): string | null {
    if (this.setup.sessions === 'cookie') return url.includes('/open/') ? null : session;
    const bearer = /^Bearer (.+)$/.exec(headers['authorization'] ?? '')?.[1] ?? null;
    const said = bearer === null ? null : readToken(bearer);
    return said && said.expiresAt * 1000 > this.now() && said.serial >= this.validFrom ? said.user : null;
  }
}

export const answer = (status: number, body = '', headers: Record<string, string> = {}): Answer => ({
  status,
  body,
  headers: { 'content-type': 'application/json', ...headers },
});
