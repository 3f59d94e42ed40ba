/**
 * Serves an example and a small API: `node demo/examples/serve.mjs 01-script`, after `npm run build`.
 * Enter takes the server down, and up again. With `--dev` Vite serves the page from its sources, and Enter takes down the API alone.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { build, createServer as createVite } from 'vite';

const PORT = Number(process.env.PORT ?? 4180);
const TOKEN_LIFE_MS = 60_000;
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.webmanifest': 'application/manifest+json' };
const NAMES = ['01-script', '02-vite-pwa', '03-tanstack-query'];

const { positionals: [name = ''], values: { dev } } = parseArgs({ allowPositionals: true, options: { dev: { type: 'boolean', default: false } } });
if (!NAMES.includes(name)) {
  console.error(`Name an example: ${NAMES.join(', ')}`);
  process.exit(2);
}
const root = join(import.meta.dirname, name);
const dist = join(import.meta.dirname, '../../dist');
const built = await mkdtemp(join(tmpdir(), 'holdfast-example-'));
const isPlain = name === '01-script';
if (dev && isPlain) {
  console.error('Nothing is built for 01-script; leave --dev out');
  process.exit(2);
}
if (!isPlain && !dev) await build({ root, build: { outDir: built, emptyOutDir: true } });

const notes = [];
/** When each token is over. */
const tokens = new Map();
/** What was done already, by its idempotency key. */
const done = new Set();

/** The dev server of `--dev`, and whether the API is down beside it. */
let vite = null;
let isDown = false;

const isOver = (authorization) => !(tokens.get(authorization.replace('Bearer ', '')) > Date.now());

async function answer(request, response) {
  const { method, url, headers } = request;
  const { pathname } = new URL(url, 'http://localhost');
  const json = (status, body) => response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  if (isDown && /^\/(api|auth|login)\b/.test(pathname)) return request.destroy();
  if (pathname === '/login' || pathname === '/auth/token') {
    const token = randomUUID();
    tokens.set(token, Date.now() + TOKEN_LIFE_MS);
    return json(200, { token });
  }
  if (pathname === '/api/notes' && method === 'GET') return json(200, notes);
  if (pathname === '/api/notes' && method === 'POST') {
    let body = '';
    for await (const chunk of request) body += chunk;
    // The third example has no sign-in.
    if (headers.authorization && isOver(headers.authorization)) return json(401, { code: 'token_expired' });
    const key = headers['idempotency-key'];
    if (!done.has(key)) {
      notes.push(JSON.parse(body));
      console.log(`delivered: ${body}`);
    }
    if (key) done.add(key);
    return json(201, {});
  }
  if (vite) return vite.middlewares(request, response);
  const path = pathname === '/' ? '/index.html' : pathname;
  const folder = !isPlain ? built : path.startsWith('/holdfast') ? dist : root;
  const file = await readFile(join(folder, path)).catch(() => null);
  if (!file) return response.writeHead(404).end();
  response.writeHead(200, { 'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream', 'Cache-Control': 'no-cache' }).end(file);
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    console.error(error);
    response.writeHead(500).end();
  });
});
// Two examples that are served at a time must not share the folder of Vite's prepared dependencies.
if (dev) vite = await createVite({ root, cacheDir: join(root, 'node_modules/.vite'), server: { middlewareMode: true, hmr: { server } } });
let port = PORT;
const listen = () =>
  server.listen(port, '127.0.0.1', () => {
    ({ port } = server.address());
    console.log(`http://localhost:${port} is up; Enter takes ${dev ? 'the API' : 'it'} down`);
  });

listen();
createInterface({ input: process.stdin }).on('line', () => {
  if (dev) {
    isDown = !isDown;
    return console.log(`The API is ${isDown ? 'down; Enter takes it up again' : 'up; Enter takes it down'}`);
  }
  if (!server.listening) return listen();
  server.close(() => console.log('The server is down; Enter takes it up again'));
  server.closeAllConnections();
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void rm(built, { recursive: true }).then(() => process.exit(0)));
