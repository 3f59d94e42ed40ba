import { weighted } from '../chaos/random.js';
import type { Agenda, Process } from './agenda.js';
import { workMs } from './deeds/layer.js';
import type { Chances } from './chance.js';
import { opOf } from './history.js';
import { answer, type Answer, type Arrived, type Server } from './server.js';

/** What becomes of a request on its way. */
export type Fault =
  /** Refused at once: nobody is there. */
  | 'down'
  /** Cut before the server has it. */
  | 'reset'
  /** The server acts, and its answer is lost. */
  | 'reset-after'
  /** No answer, ever; the server has acted, or not. */
  | 'hang'
  | 'hang-after'
  /** The server acts seconds later. */
  | 'slow'
  | '500'
  | '503'
  | '503-later'
  | '429-later';

/** `share` of the requests meet the fault. */
export type Weather = { fault: Fault | 'mixed'; share: number } | null;

const MIX: Record<Fault, number> = { down: 3, reset: 2, 'reset-after': 3, hang: 1, 'hang-after': 2, slow: 2, '500': 2, '503': 2, '503-later': 1, '429-later': 1 };

const REFUSALS: Partial<Record<Fault, Answer>> = {
  '500': answer(500),
  '503': answer(503),
  '503-later': answer(503, '', { 'retry-after': '3' }),
  '429-later': answer(429, '', { 'retry-after': '2' }),
};

/** A browser gives a connection up on which nothing comes, in milliseconds. */
const HANGING_MS = 200_000;

/** An upload that's too large is cut after so long, in milliseconds. */
const CUT_MS = 2_000;

export class Network {
  weather: Weather = null;
  isOnline = true;
  /** Since when a login page of the network's own stands before everything; null: there's none. */
  portalSince: number | null = null;
  /** Called when a process sends a request, and when it has the answer; null for none. */
  readonly onSend: ((process: Process, arrived: Arrived) => void)[] = [];
  readonly onEnd: ((process: Process, arrived: Arrived, answer: Answer | null) => void)[] = [];

  constructor(
    readonly agenda: Agenda,
    readonly chances: Chances,
    readonly server: Server,
    /** Whose session the browser's cookies are, at the time. */
    readonly cookie: () => string | null,
  ) {}

  /** `fetch`, in a process. */
  async send(process: Process, request: Request, signal: AbortSignal): Promise<Response> {
    const { agenda, chances } = this;
    const arrived: Arrived = {
      url: request.url,
      method: request.method,
      headers: Object.fromEntries(request.headers),
      body: await request.text(),
      session: this.cookie(),
    };
    return new Promise((resolve, reject) => {
      let isOver = false;
      const end = (settle: () => void, made: Answer | null = null) => {
        if (!isOver && process.isAlive) {
          for (const look of this.onEnd) look(process, arrived, made);
          settle();
        }
        isOver = true;
      };
      const abort = () => end(() => reject(signal.reason as Error));
      if (signal.aborted) return abort();
      signal.addEventListener('abort', abort);
      if (!process.isAlive) return;
      for (const look of this.onSend) look(process, arrived);
      // A redirect leads to another origin, and that allows nobody to read it.
      const led = () => (request.redirect === 'manual' ? resolve(opaqueRedirect()) : reject(new TypeError('fetch failed')));
      if (this.isOnline && this.portalSince !== null) return void agenda.in(chances.step('network'), process, () => end(led));
      const fault = this.#fault();
      const cut = (ms: number) => void agenda.in(ms, process, () => end(() => reject(new TypeError('fetch failed'))));
      const back = (made: Answer) =>
        void agenda.in(chances.step('network'), process, () =>
          end(() => resolve(new Response(made.body, { status: made.status, headers: made.headers })), made),
        );
      const { layer, keeps } = this.server.setup;
      const slowMs = fault === 'slow' ? 500 + chances.of('slow server')() * 12_000 : 0;
      const isAtOnce = layer === 'instant';
      const there = chances.step('network') + (isAtOnce ? slowMs : 0);
      const work = isAtOnce ? 0 : slowMs || workMs(chances.of('work'));
      // An application that fails at a request does so behind a layer that keeps its failures.
      const isKept = fault === '500' && keeps !== 'nothing';
      const fails = fault === null && arrived.method === 'POST' ? this.server.history.posts.get(opOf(arrived.url))?.op.fails : null;
      if (fails === 'redirect') return void agenda.in(there, process, () => end(led));
      if (fails === 'cut') return cut(there + CUT_MS);
      if (fails === 'unreadable') return cut(2 * there);
      if (fault === 'down') return cut(chances.step('network') / 4);
      if (fault === 'reset') return cut(there);
      if (fault === 'hang') return cut(HANGING_MS);
      const refusal = fault === null || isKept ? undefined : REFUSALS[fault];
      // What's under way when its sender dies, or gives up, arrives or doesn't.
      const survives = chances.of('arrivals')() < 0.7;
      agenda.in(there, null, () => {
        if ((isOver || !process.isAlive) && !survives) return;
        const answered = ({ headers, ...said }: Answer) => {
          if (fault !== 'reset-after' && fault !== 'hang-after') back({ ...said, headers: { ...headers, ...this.server.stamp } });
        };
        if (refusal) answered(refusal);
        else this.server.take(arrived, { workMs: work, fails: isKept, answered });
        if (fault === 'reset-after') cut(chances.step('network'));
        if (fault === 'hang-after') cut(HANGING_MS);
      });
    });
  }

  #fault(): Fault | null {
    if (!this.isOnline) return 'down';
    const random = this.chances.of('network faults');
    if (!this.weather || random() >= this.weather.share) return null;
    return this.weather.fault === 'mixed' ? weighted(random, MIX) : this.weather.fault;
  }
}

/** What `fetch` gives for a redirect that it isn't to follow. */
const opaqueRedirect = (): Response => Object.defineProperties(new Response(null), { type: { value: 'opaqueredirect' }, status: { value: 0 } });
