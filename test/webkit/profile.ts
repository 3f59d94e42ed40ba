import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import type { Stage } from './index.js';
import { callOf, valueOf, type Page, type Told } from './page.js';
import { kill, launch } from './processes.js';

/** In a page that's opened with `?remote=`: asks there for code, runs it, and tells what came of it. */
export const REMOTE = `<script type="module">
  const remote = new URL(location).searchParams.get('remote');
  for (;;) {
    const told = await (0, eval)(await (await fetch(remote)).text());
    await fetch(remote, { method: 'POST', body: JSON.stringify(told) });
  }
</script>`;

/** A browser that keeps what it has on disk. */
export interface Browser {
  page: Page;
  /** By SIGKILL, with all of its processes. */
  kill(): Promise<void>;
}

/** A folder that browsers start on, one after another. */
export interface Profile {
  /** @param url of a page that has `REMOTE` in it */
  start(url: string): Promise<Browser>;
  remove(): Promise<void>;
}

/**
 * Under WebDriver, MiniBrowser keeps nothing on disk. So here it's started as people start it, and its page fetches
 * by itself what it is to do.
 */
export async function newProfile({ browser, env, home }: Stage): Promise<Profile> {
  const folder = await mkdtemp(join(home, 'profile-'));
  const own = { ...env, XDG_DATA_HOME: join(folder, 'data'), XDG_CACHE_HOME: join(folder, 'cache') };
  const started = new Set<Browser>();
  return {
    async start(url) {
      const remote = await startRemote();
      const child = launch(browser, [`${url}?remote=${encodeURIComponent(remote.url)}`], own);
      const one: Browser = {
        page: remote,
        async kill() {
          started.delete(one);
          await kill(child);
          remote.close();
        },
      };
      started.add(one);
      return one;
    },
    async remove() {
      for (const one of started) await one.kill();
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}

interface Remote extends Page {
  url: string;
  close(): void;
}

/** What a page with `REMOTE` asks. */
async function startRemote(): Promise<Remote> {
  let tell: (told: Told) => void = () => {};
  const server = createServer((request, response) => {
    response.setHeader('Access-Control-Allow-Origin', '*');
    if (request.method === 'GET') return void server.emit('asked', response);
    void text(request).then((body) => {
      response.end();
      tell(JSON.parse(body) as Told);
    });
  });
  let asked = once(server, 'asked');
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}/`,
    async evaluate<Args extends unknown[], T>(work: (...args: Args) => T | Promise<T>, ...args: Args) {
      const [response] = (await asked) as [ServerResponse];
      asked = once(server, 'asked');
      const told = new Promise<Told>((resolve) => (tell = resolve));
      response.end(callOf(work, args));
      return valueOf(await told) as T;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
