import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { readFile } from 'node:fs/promises';
import type { AddressInfo, Socket } from 'node:net';
import { jwtVerify, SignJWT, errors } from 'jose';

/** A request as the server saw it. */
export interface Received {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
  text: string;
  /** The token's `sub`, when there was a valid token. */
  user: string | null;
  at: number;
}

export interface Answer {
  status?: number;
  headers?: Record<string, string>;
  body?: string | object;
  /** The body begins, and never ends. */
  endless?: boolean;
}

/** Writes the answer by itself: for streams. */
export type WriteAnswer = (response: ServerResponse) => void;

/** `reset`: the connection breaks without an answer. `hang`: no answer ever comes. */
export type Reply = Answer | 'reset' | 'hang' | WriteAnswer;

/** Makes a file's body for one request, and may set the answer's status and headers. */
export type MakeBody = (url: URL, request: IncomingMessage, response: ServerResponse) => string | Promise<string>;

export interface ApiServer {
  origin: string;
  /** All requests under `/api`, in the order in which they were read to the end. */
  received: Received[];
  /** How many times a worker has asked whether the network leads here. */
  validations(): number;
  /** How requests under `/api` are answered from now on: 204 without a body at first. */
  replyToValidation(answer: Answer): void;
  /** The bodies of `received`, for tests of what came and in which order. */
  bodies(): string[];
  /** How `/api` answers from now on. With a plain `'reset'` nobody is there: HEADs are cut as well. */
  reply(reply: Exclude<Reply, WriteAnswer> | ((request: Received, count: number) => Reply | Promise<Reply>)): void;
  /** The server takes only bearers that verify from now on; other requests get a JWT 401. */
  requireToken(): void;
  /** A real JWT. `lifeS` may be negative. */
  token(sub?: string, lifeS?: number): Promise<string>;
  /** A JWT that's good for a minute by its `exp`, and refused, as its key isn't the server's any more. */
  refusedToken(sub?: string): Promise<string>;
  /** Serves a script or a page; a function makes the body anew for each request. */
  serve(path: string, body: string | MakeBody, type?: string): void;
  /** The paths of answers that nobody read to their end. */
  abandoned: string[];
  /** Resolves when `count` requests have been received. */
  arrived(count: number): Promise<void>;
  /** Closes the port: connections are refused until `listen`. */
  unlisten(): Promise<void>;
  listen(): Promise<void>;
  close(): Promise<void>;
}

const SECRET = new TextEncoder().encode('a secret that only this server knows');
const EARLIER_SECRET = new TextEncoder().encode('a secret that this server had before');
const DIST = new URL('../../dist/', import.meta.url);
const SCRIPTS = new Set(['/holdfast-sw.js', '/holdfast.js', '/holdfast-stream.js', '/holdfast-tools.js', '/holdfast-outbox.js', '/holdfast-zh.js', '/holdfast-inspector.js', '/client.js', '/sw.js']);

/** A real HTTP server with real JWTs: the page, the built scripts, and an API with faults on demand. */
export async function createApiServer({ cors = false } = {}): Promise<ApiServer> {
  const received: Received[] = [];
  const served = new Map<string, { body: string | MakeBody; type: string }>();
  const abandoned: string[] = [];
  const sockets = new Set<Socket>();
  let waiting: { count: number; resolve: () => void }[] = [];
  let reply: (request: Received, count: number) => Reply | Promise<Reply> = () => ({ status: 201 });
  let needsToken = false;
  let validations = 0;
  let isCut = false;
  let validation: Answer = {};
  let nonce = 0;

  served.set('/', { body: '<!doctype html><title>Holdfast</title><script src="/holdfast.js"></script>', type: 'text/html' });

  async function answerApi(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (cors) {
      response.setHeader('Access-Control-Allow-Origin', '*');
      response.setHeader('Access-Control-Allow-Headers', 'authorization, content-type');
      if (request.method === 'OPTIONS') return void response.writeHead(204).end();
    }
    if (request.method === 'HEAD' && request.headers['cache-control'] === 'no-cache') {
      if (isCut) return void request.socket.destroy();
      validations++;
      // A redirect within the server would lead to itself.
      const { status = 204, headers = {} } = request.url?.endsWith('/') ? {} : validation;
      return void response.writeHead(status, headers).end();
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const { method = '', url = '', headers } = request;
    const user = await verified(headers.authorization);
    const seen: Received = { method, path: url, headers, body, text: body.toString(), user, at: Date.now() };
    const count = received.push(seen) - 1;
    waiting = waiting.filter((one) => received.length < one.count || one.resolve());
    const answer: Reply =
      needsToken && user === null
        ? { status: 401, headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' }, body: { code: 'token_expired' } }
        : await reply(seen, count);
    if (answer === 'reset') return void request.socket.destroy();
    if (answer === 'hang') return;
    if (typeof answer === 'function') return answer(response);
    const { status = 200, headers: extra = {}, body: content = '', endless = false } = answer;
    const json = typeof content === 'object';
    response.writeHead(status, { ...(json && { 'Content-Type': 'application/json' }), ...extra });
    const text = json ? JSON.stringify(content) : content;
    response.once('close', () => response.writableFinished || abandoned.push(seen.path));
    if (endless) response.write(text);
    else response.end(text);
  }

  async function answerFile(url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = url.pathname;
    const own = served.get(path);
    if (own) {
      response.setHeader('Content-Type', own.type);
      response.setHeader('Cache-Control', 'no-cache');
      const body = typeof own.body === 'string' ? own.body : await own.body(url, request, response);
      return void response.end(body);
    }
    if (!SCRIPTS.has(path)) return void response.writeHead(404).end();
    const script = await readFile(new URL(`.${path}`, DIST));
    response.writeHead(200, { 'Content-Type': 'text/javascript', 'Cache-Control': 'no-cache' }).end(script);
  }

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const answered = url.pathname.startsWith('/api') ? answerApi(request, response) : answerFile(url, request, response);
    // A page that's closed breaks its connections, which is no failure of the server's.
    answered.catch(() => response.destroy());
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const listen = (port = 0) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await listen();
  const { port } = server.address() as AddressInfo;

  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });

  return {
    origin: `http://localhost:${port}`,
    received,
    abandoned,
    validations: () => validations,
    replyToValidation: (answer) => {
      validation = answer;
    },
    bodies: () => received.map(({ text }) => text),
    reply: (next) => {
      reply = typeof next === 'function' ? next : () => next;
      isCut = next === 'reset';
    },
    requireToken: () => {
      needsToken = true;
    },
    token: (sub = 'ann', lifeS = 60) => signed(SECRET, sub, lifeS, nonce++),
    refusedToken: (sub = 'ann') => signed(EARLIER_SECRET, sub, 60, nonce++),
    serve: (path, body, type = 'text/javascript') => void served.set(path, { body, type }),
    arrived: (count) =>
      received.length >= count ? Promise.resolve() : new Promise((resolve) => void waiting.push({ count, resolve })),
    unlisten: stop,
    listen: () => listen(port),
    close: stop,
  };
}

const signed = (secret: Uint8Array, sub: string, lifeS: number, nonce: number): Promise<string> =>
  new SignJWT({ nonce })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(sub)
    .setIssuedAt()
    .setExpirationTime(Math.floor(Date.now() / 1000) + lifeS)
    .sign(secret);

async function verified(authorization: string | undefined): Promise<string | null> {
  if (!authorization?.startsWith('Bearer ')) return null;
  try {
    const { payload } = await jwtVerify(authorization.slice('Bearer '.length), SECRET, { algorithms: ['HS256'] });
    return payload.sub ?? null;
  } catch (error) {
    if (error instanceof errors.JOSEError) return null;
    throw error;
  }
}
