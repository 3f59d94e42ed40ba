import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';

/** A request as it came, by its header list. */
export interface Came {
  case: string;
  method: string;
  path: string;
  /** Names as they were written, and values. */
  headers: [name: string, value: string][];
  body: string;
}

export interface EchoServer {
  origin: string;
  came: Came[];
  close(): void;
}

/** Bytes beyond ASCII, so that whatever reads an answer as text shows it. */
const BYTES = Buffer.from([0, 1, 0xff, 0xfe, 0x80]);

/**
 * A server whose answer is in the request's path, and which notes what came: `/api/status/503`, `/api/redirect/307/near`. The case that
 * a request belongs to is in its query. What's under `/tell` is for the page to wait for.
 *
 * @param afar the origin that redirects lead to; null: this server is that origin, and lets everyone read its answers but under `/api/shut`
 */
export async function createEchoServer(worker: string, afar: string | null): Promise<EchoServer> {
  const came: Came[] = [];
  /** Called when a case gets on: its request has come, its answer may go on, its connection was closed. */
  const steps = new Map<string, { promise: Promise<void>; resolve: () => void }>();
  const step = (name: string) => {
    const known = steps.get(name);
    if (known) return known;
    let resolve = () => {};
    const made = { promise: new Promise<void>((done) => (resolve = done)), resolve: () => resolve() };
    steps.set(name, made);
    return made;
  };

  const answers: Record<string, (response: ServerResponse, of: string, args: string[]) => void | Promise<void>> = {
    echo: (response, of) => void response.setHeader('Content-Type', 'text/plain').end(`echo of ${of}`),
    shut: (response) => void response.end('nobody may read this'),
    status: (response, of, [status]) => {
      const isEmpty = ['204', '205', '304'].includes(status!);
      response.writeHead(Number(status), `Reason ${status}`, { 'X-Own': 'own' }).end(isEmpty ? undefined : `${status} to ${of}`);
    },
    redirect: (response, of, [status, to]) => {
      const base = to === 'near' ? '' : afar;
      response.writeHead(Number(status), { Location: `${base}/api/${to === 'shut' ? 'shut' : 'echo'}?case=${of}` }).end();
    },
    headers: (response) => {
      response.setHeader('X-Twice', ['a', 'b']).setHeader('Set-Cookie', ['a=1; Path=/elsewhere', 'b=2; Path=/elsewhere']).setHeader('Link', '</x>; rel=preload').setHeader('X-Empty', '');
      response.setHeader('ETag', '"1"').setHeader('Cache-Control', 'no-store').end('headers');
    },
    bytes: (response) => void response.setHeader('Content-Type', 'application/octet-stream').end(BYTES),
    short: (response) => {
      response.writeHead(200, { 'Content-Length': '100' });
      response.write('too short', () => response.destroy());
    },
    reset: (response) => void response.destroy(),
    hang: (response, of) => void response.on('close', () => step(`closed ${of}`).resolve()),
    stream: async (response, of) => {
      response.on('close', () => step(`closed ${of}`).resolve());
      for (const part of ['one', 'two', 'three']) {
        response.write(part);
        await step(`next ${of} ${part}`).promise;
      }
      response.end('end');
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url!, 'http://localhost');
    const of = searchParams.get('case') ?? '';
    const [, area, what = '', ...args] = pathname.split('/');
    if (area === 'tell') {
      if (what === 'next') step(`next ${of}`).resolve();
      else await step(`${what} ${of}`).promise;
      return void response.end();
    }
    if (area !== 'api') {
      const isScript = pathname.endsWith('.js');
      response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html').setHeader('Cache-Control', 'no-cache');
      return void response.end(pathname === '/worker.js' ? worker : isScript ? await readFile(new URL(`../../dist${pathname}`, import.meta.url)) : '<!doctype html><title>Compared</title>');
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    // A witness is no request of the page's.
    if (request.method === 'HEAD' && request.headers['cache-control'] === 'no-cache') return void response.writeHead(204).end();
    const { method = '', url = '', rawHeaders } = request;
    const headers = rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [[name, rawHeaders[index + 1]!] as [string, string]] : []));
    came.push({ case: of, method, path: url, headers, body: Buffer.concat(chunks).toString('latin1') });
    if (afar === null && what !== 'shut') response.setHeader('Access-Control-Allow-Origin', '*');
    if (method === 'OPTIONS') return void response.writeHead(204).end();
    step(`arrived ${of}`).resolve();
    await answers[what]!(response, of, args);
  }

  const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://${afar === null ? '127.0.0.1' : 'localhost'}:${port}`,
    came,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
