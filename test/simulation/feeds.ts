import type { Page } from './browser/page.js';
import { tokensIn, readToken } from './tokens.js';
import { ORIGIN } from './setup.js';
import type { Arrived } from './server.js';
import type { World } from './world.js';

/** Events of the stream that never ends come in lots, so many at a time, so far apart; and the lots, in milliseconds. */
const LOT = 6;
const APART_MS = 150;
const LOTS_MS = 20_000;

/** The last event of the one that ends. */
const LAST = 30;

/** A connection is cut after so long at most, in milliseconds. */
const CUT_MS = 60_000;

/** The way to the server and back takes so long at most, in milliseconds. */
const WAY_MS = 60;

/** The server's streams, and the pages' ways there: the worker leaves a request for events alone. */
export class Feeds {
  constructor(readonly world: World) {}

  /** `fetch`, in a page. */
  fetch(page: Page, request: Request, signal: AbortSignal): Promise<Response> {
    const { agenda, chances, history, app } = this.world;
    const random = chances.of('stream network');
    const way = () => 2 + random() * WAY_MS;
    const arrived: Arrived = { url: request.url, method: 'GET', headers: Object.fromEntries(request.headers), body: '', session: app.cookie };
    const task = arrived.url.slice(arrived.url.lastIndexOf('/') + 1);
    const after = arrived.headers['last-event-id'] ?? null;
    history.trace(() => `asks for ${task} after ${after}`);
    this.world.streamAsked(page, task, after);
    for (const token of tokensIn(arrived.headers['authorization'])) history.trace(() => `with the token of ${readToken(token)?.user}`);
    return new Promise((resolve, reject) => {
      const abort = () => reject(signal.reason as Error);
      if (signal.aborted) return abort();
      signal.addEventListener('abort', abort);
      const fault = this.#fault();
      agenda.in(way(), page, () => {
        if (typeof fault === 'string') return reject(new TypeError('fetch failed'));
        const user = this.world.server.userOf(arrived);
        const response = fault !== null ? new Response('', { status: fault }) : user === null ? refusal() : null;
        agenda.in(way(), page, () => {
          history.trace(() => `${task}: ${response?.status ?? 200}`);
          resolve(response ?? new Response(this.#events(page, task, Number(after ?? 0), signal), { headers: { 'content-type': 'text/event-stream' } }));
        });
      });
    });
  }

  /** A status, or that nobody answers; null for none. */
  #fault(): number | 'none' | null {
    const { isOnline, portalSince, weather } = this.world.network;
    if (!isOnline || portalSince !== null) return 'none';
    if (!weather || this.world.chances.of('stream faults')() >= weather.share) return null;
    const status = Number(weather.fault.slice(0, 3));
    return Number.isNaN(status) ? 'none' : status;
  }

  #events(page: Page, task: string, after: number, signal: AbortSignal): ReadableStream<Uint8Array> {
    const { agenda, chances } = this.world;
    let isOver = false;
    let next = after + 1;
    return new ReadableStream<Uint8Array>({
      start(controller) {
        const end = (settle: () => void) => {
          if (!isOver) settle();
          isOver = true;
        };
        signal.addEventListener('abort', () => end(() => controller.error(signal.reason)));
        agenda.in(chances.of('stream cuts')() * CUT_MS, page, () => end(() => controller.error(new TypeError('network error'))));
        const send = (): void => {
          if (isOver) return;
          const id = next++;
          const isLast = task === 'report' && id >= LAST;
          controller.enqueue(new TextEncoder().encode(`id: ${id}\n${isLast ? 'event: done\n' : ''}data: ${id}\n\n`));
          if (isLast) end(() => controller.close());
          else wait();
        };
        const wait = () => void (task === 'report' ? agenda.in(APART_MS, page, send) : agenda.at(Math.max(agenda.now + 1, publishedAt(next)), page, send));
        wait();
      },
      cancel: () => void (isOver = true),
    });
  }
}

/** When the feed's event comes, in milliseconds from the beginning. */
const publishedAt = (id: number): number => Math.floor((id - 1) / LOT) * LOTS_MS + ((id - 1) % LOT) * APART_MS;

const refusal = (): Response =>
  new Response('{"error":"expired"}', { status: 401, headers: { 'content-type': 'application/json', 'www-authenticate': 'Bearer error="invalid_token"' } });

/** The address of a stream, and the key of its checkpoint. */
export const streamUrl = (task: string): string => `${ORIGIN}/api/streams/${task}`;
