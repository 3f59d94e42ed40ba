import { createServer, request as send, type IncomingHttpHeaders, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ApiServer, Received, WriteAnswer } from '../../support/api-server.js';
import { test as base } from '../../support/fixtures.js';
import type { Server } from './stack.js';

/** A request that the proxy has forwarded, as it came to the server behind. */
export interface Reached {
  at: number;
  authorization: string | undefined;
  /** The answer's. Null before the answer. */
  status: number | null;
  /** The answer's. */
  headers: IncomingHttpHeaders;
}

/** The header by which the proxy knows its own requests at the server behind. */
const REQUEST_ID = 'x-request-id';

/** A server on a port of its own, behind the page's origin. */
export interface Upstream {
  origin(): string;
  /** The proxy's requests that came through, in order. */
  reached: Reached[];
  /** The texts of the writes that the route has done. */
  effects: string[];
  start(): Promise<void>;
  /** Closes the port: the proxy answers 502 until `start`. */
  stop(): Promise<void>;
  /** Passes a request on to the server, and the answer back. */
  pass(request: Received): WriteAnswer;
}

type ForwardTo = (behind: Server) => Promise<Upstream>;

export const test = base.extend<{ forwardTo: ForwardTo }>({
  forwardTo: async ({ server }, use) => {
    const ends: (() => Promise<void>)[] = [];
    await use(async (behind) => {
      const upstream = await forward(server, behind);
      ends.push(upstream.stop, async () => behind.close?.());
      return upstream;
    });
    await Promise.all(ends.map((end) => end()));
  },
});

/** Makes a proxy of the page's server: `/api` leads to the server behind, as with a dev server. */
async function forward(server: ApiServer, { listener }: Server): Promise<Upstream> {
  const reached: Reached[] = [];
  const forwarded: Reached[] = [];
  const effects: string[] = [];
  const answer = await listener((text) => void effects.push(text));
  let upstream: HttpServer | null = null;
  let port = 0;

  const start = () =>
    new Promise<void>((resolve) => {
      upstream = createServer((request, response) => {
        const seen = forwarded[Number(request.headers[REQUEST_ID])];
        if (seen) {
          seen.at = Date.now();
          reached.push(seen);
        }
        void answer(request, response);
      });
      upstream.listen(port, '127.0.0.1', () => {
        ({ port } = upstream!.address() as AddressInfo);
        resolve();
      });
    });

  const stop = () =>
    new Promise<void>((resolve) => {
      if (!upstream) return resolve();
      upstream.close(() => resolve());
      upstream.closeAllConnections();
      upstream = null;
    });

  const pass =
    ({ method, path, headers, body }: Received): WriteAnswer =>
    (response) => {
      const seen: Reached = { at: 0, authorization: headers.authorization, status: null, headers: {} };
      const id = String(forwarded.push(seen) - 1);
      const request = { host: '127.0.0.1', port, method, path, headers: { ...headers, [REQUEST_ID]: id }, agent: false };
      const sent = send(request, (answered) => {
        const { statusCode: status = 0 } = answered;
        Object.assign(seen, { status, headers: answered.headers });
        response.writeHead(status, answered.headers);
        answered.pipe(response);
      });
      sent.on('error', () => {
        if (response.headersSent) response.destroy();
        else response.writeHead(502, { 'Content-Type': 'text/plain' }).end();
      });
      sent.end(body);
    };

  server.reply(pass);
  await start();
  return { reached, effects, start, stop, pass, origin: () => `http://127.0.0.1:${port}` };
}
