import { createAdaptorServer } from '@hono/node-server';
import type { Server } from 'node:http';
import { createDemoApp } from './app.js';
import { buildPage } from './build.js';
import { listen } from './listen.js';

export { createDemoApp } from './app.js';
export type { DialMode } from './dial.js';
export type { Notice } from './feed.js';
export type { SeenRequest } from './server-log.js';

export interface Demo {
  /** With a slash at its end. */
  url: string;
  close(): Promise<void>;
}

export interface DemoOptions {
  /** Another one is taken when it's in use. 0: any free one. @default 4173 */
  port?: number;
}

/** Builds the page, and serves it together with the API. */
export async function startDemo({ port = 4173 }: DemoOptions = {}): Promise<Demo> {
  const app = await createDemoApp(await buildPage());
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  const taken = await listen(server, port);
  return {
    url: `http://localhost:${taken}/`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        // The log's streams would keep the server open for ever.
        server.closeAllConnections();
      }),
  };
}
