import type { FetchContext } from '../../../sw/ports.js';
import { SimulatedBlob } from '../disk/blob.js';
import type { World } from '../world.js';
import type { Page } from './page.js';
import type { Worker } from './worker.js';

/** A request of a page that has no answer yet, whichever worker has it. */
export interface OpenFetch {
  page: Page;
  url: string;
  init: RequestInit;
  op: number;
  /** How often it was given to a worker. */
  dispatches: number;
  /** Called with the answer; null for a network error. */
  answered(response: Response | null): void;
}

/** Its body, asked for as a Blob, is one of the simulated disk's. */
export function withBlob({ agenda, chances }: Pick<World, 'agenda' | 'chances'>, request: Request): Request {
  const blob = async () => new SimulatedBlob(agenda, chances, new Uint8Array(await request.arrayBuffer()), request.headers.get('content-type') ?? '');
  return Object.assign(request, { blob });
}

/** One dispatch of a fetch event to one worker. */
export class FetchEvent {
  readonly request: Request;
  readonly context: FetchContext;
  /** Its answer has left the worker, so the event doesn't come again. */
  isAnswered = false;
  #handled!: () => void;

  constructor(
    readonly world: World,
    readonly worker: Worker,
    readonly open: OpenFetch,
  ) {
    this.request = withBlob(world, new Request(open.url, open.init));
    const handled = new Promise<void>((resolve) => {
      this.#handled = resolve;
    });
    this.context = { clientId: open.page.name, handled, waitUntil: (work) => worker.extend(work) };
    worker.fetches.add(this);
    worker.extend(handled);
    const post = world.history.posts.get(open.op);
    if (post?.givenAt === Infinity) {
      post.givenAt = world.agenda.now;
      // A sign-out may have come before it.
      post.isSettled &&= world.setup.sessions !== 'cookie' || world.app.settledUser === post.user;
    }
  }

  /** `respondWith` */
  answer(response: Promise<Response>): void {
    const { agenda, chances } = this.world;
    const { worker, open } = this;
    const hand = (given: Response | null) => {
      agenda.in(chances.step('hand over') / 2, worker, () => {
        this.isAnswered = true;
        worker.fetches.delete(this);
        if (open.page.isAlive) agenda.in(chances.step('hand over'), open.page, () => open.answered(given));
        agenda.in(chances.step('hand over'), worker, this.#handled);
      });
    };
    response.then(
      (given) => hand(given.type === 'error' ? null : given),
      (error: unknown) => {
        this.world.history.trace(() => `intercept rejects: ${String(error)}`);
        hand(null);
      },
    );
  }
}
