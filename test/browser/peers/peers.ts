/** Holdfast and workbox-background-sync side by side: each in a page, with a worker and a server of its own. */
import { fileURLToPath } from 'node:url';
import type { Page } from '@playwright/test';
import { register } from '../../bench/page.js';
import { workerControl } from '../../bench/worker-control.js';
import { createApiServer, type ApiServer } from '../../support/api-server.js';
import { bundle } from '../../support/bundle.js';
import { FAST, openApp, test as base, type App, type Posted } from '../../support/fixtures.js';

export { expect } from '../../support/fixtures.js';

export type QueueName = 'notes' | 'chat';

export interface Peer {
  page: Page;
  server: ApiServer;
  /** Gives the status that the page gets; 0 for a network error. */
  post(body: string, posted?: Posted): Promise<number>;
  /** Sets a replay off. */
  trigger(name?: QueueName): Promise<void>;
  kill(): Promise<void>;
}

export interface Workbox extends Peer {
  /** Replays to the end. Gives the error that it ended with, or null. */
  replay(name?: QueueName): Promise<string | null>;
  replayTwice(name?: QueueName): Promise<string | null>;
  /** What `getAll` gives: the methods, or its error. */
  list(name?: QueueName): Promise<string[] | string>;
  /** What lies on disk, of all queues. */
  stored(): Promise<Stored[]>;
}

export interface Stored {
  body: string;
  headers: Record<string, string>;
}

export interface Holdfast extends Peer {
  app: App;
}

let script: Promise<string> | undefined;
const workboxWorker = async () => (await bundle(fileURLToPath(new URL('./worker.js', import.meta.url))))[0]!.code;

const post = (page: Page, body: string, { path = '/api/notes', method = 'POST', headers = {} }: Posted = {}) =>
  page.evaluate(
    async ([url, init]) => fetch(url, init).then(({ status }) => status, () => 0),
    [path, { method, headers, ...(method !== 'HEAD' && { body }) }] as const,
  );

async function openWorkbox(page: Page, server: ApiServer): Promise<Workbox> {
  server.serve('/worker.js', await (script ??= workboxWorker()));
  server.serve('/', '<!doctype html><title>workbox-background-sync</title>', 'text/html');
  await page.goto(server.origin);
  await page.evaluate(register);

  const ask = (command: string, name: QueueName) =>
    page.evaluate(
      async (message) => {
        const { active } = await navigator.serviceWorker.ready;
        const { port1, port2 } = new MessageChannel();
        const answered = new Promise<{ value?: unknown; error?: string }>((resolve) => {
          port1.onmessage = ({ data }) => resolve(data as { error?: string });
        });
        active!.postMessage(message, [port2]);
        return answered;
      },
      { command, name },
    );
  return {
    page,
    server,
    post: (body, posted) => post(page, body, posted),
    trigger: (name = 'notes') =>
      page.evaluate(async (message) => {
        const { active } = await navigator.serviceWorker.ready;
        active!.postMessage(message, [new MessageChannel().port2]);
      }, { command: 'replay', name }),
    replay: async (name = 'notes') => (await ask('replay', name)).error ?? null,
    replayTwice: async (name = 'notes') => (await ask('replayTwice', name)).error ?? null,
    list: async (name = 'notes') => {
      const { value, error } = await ask('list', name);
      return error ?? (value as string[]);
    },
    stored: () => page.evaluate(readStored),
    kill: () => workerControl(page, server.origin).stop(),
  };
}

async function readStored(): Promise<Stored[]> {
  const db = await new Promise<IDBDatabase>((resolve) => {
    const request = indexedDB.open('workbox-background-sync');
    request.onsuccess = () => resolve(request.result);
  });
  const request = db.transaction('requests').objectStore('requests').getAll();
  await new Promise((resolve) => (request.onsuccess = resolve));
  db.close();
  return (request.result as { requestData: { body: ArrayBuffer; headers: Record<string, string> } }[]).map(
    ({ requestData: { body, headers } }) => ({ body: new TextDecoder().decode(body), headers }),
  );
}

async function openHoldfast(page: Page, server: ApiServer): Promise<Holdfast> {
  const backend = (name: QueueName) => `{ baseUrl: '/api/${name}', methods: ['POST', 'HEAD'], ${FAST} }`;
  const app = await openApp(page, server, { options: `backends: [${backend('notes')}, ${backend('chat')}]` });
  return {
    app,
    page,
    server,
    post: (body, posted) => post(page, body, posted),
    trigger: () => app.call((sync) => sync.replay()),
    kill: () => workerControl(page, server.origin).stop(),
  };
}

export const test = base.extend<{ workbox: Workbox; holdfast: Holdfast }>({
  workbox: async ({ context }, use) => {
    const server = await createApiServer();
    await use(await openWorkbox(await context.newPage(), server));
    await server.close();
  },
  holdfast: async ({ page, server }, use) => use(await openHoldfast(page, server)),
});

/** Each of the bodies posted in order while the server is down, so that it's stored. */
export async function owe(peer: Peer, bodies: readonly string[], posted?: Posted): Promise<void> {
  await peer.server.unlisten();
  for (const body of bodies) await peer.post(body, posted);
}
