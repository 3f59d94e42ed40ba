import type { Setup } from './actions.js';
import type { Agenda } from './agenda.js';
import type { History } from './history.js';
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

/** The app's API: under `/api` it honours idempotency keys, under `/bare` it ignores them. */
export class Server {
  /** By user and key: what was answered first. */
  #answers = new Map<string, Answer>();
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
    readonly setup: Pick<Setup, 'sessions' | 'isDated' | 'aheadS'>,
  ) {}

  /** Acts on a request, once it's there. */
  take(arrived: Arrived): Answer {
    const { url, method, headers, body } = arrived;
    const { pathname } = new URL(url);
    const [, prefix = '', , op = ''] = pathname.split('/');
    if (method === 'HEAD') return answer(405);
    if (prefix === 'switches') return this.#configuration();
    const isAnonymous = pathname.includes('/open/');
    const user = this.userOf(arrived);
    if (method === 'GET') return user === null ? answer(401) : answer(200, '[]');
    this.history.arrived({ op: Number(op), prefix, key: headers['idempotency-key'] ?? null, user, headers, method });
    if (user === null && !isAnonymous && this.setup.sessions === 'cookie') return answer(401, '{"error":"nobody is signed in"}');
    if (user === null && !isAnonymous)
      return answer(401, '{"error":"expired"}', { 'www-authenticate': 'Bearer error="invalid_token", error_description="expired"' });
    const key = prefix === 'api' ? (headers['idempotency-key'] ?? null) : null;
    const known = key === null ? undefined : this.#answers.get(`${user} ${key}`);
    if (known) return known;
    if (body.startsWith('refuse')) return answer(422, `{"op":${op}}`);
    this.history.acted({ op: Number(op), prefix, key: headers['idempotency-key'] ?? null, user, body });
    const made = answer(201, `{"op":${op}}`);
    if (key !== null) this.#answers.set(`${user} ${key}`, made);
    return made;
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
