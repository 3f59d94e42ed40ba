import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { errors, jwtVerify, SignJWT } from 'jose';
import type { Note } from './app/note.js';

/** A write as the server saw it. */
export interface Received {
  method: string;
  path: string;
  user: string | null;
  /** Of its last answer; null for none. */
  status: number | null;
}

/**
 * What becomes of the writes that come from now on. `unavailable`: a 503. `cut`: the next one is done, and its connection broken before an
 * answer. `hold`: no answer, and nothing is done. `act-and-hold`: done, and no answer.
 */
export type Mode = 'serve' | 'unavailable' | 'cut' | 'hold' | 'act-and-hold';

export interface SavedNote extends Note {
  /** Who made it. */
  by: string;
}

export interface NotesServer {
  origin: string;
  notes: Map<string, SavedNote>;
  /** All writes under `/api`. */
  received: Received[];
  mode(mode: Mode): void;
  /** No token that was given so far is taken any more. */
  expireTokens(): void;
  /** Another person makes a note or changes one, by other means than this browser. */
  edit(id: string, changes: Partial<Note>): void;
  add(note: Pick<SavedNote, 'title' | 'text' | 'by'>): SavedNote;
  /** Closes the port and every connection. */
  unlisten(): Promise<void>;
  listen(): Promise<void>;
}

interface Options {
  /** What it serves beside the API: text by path. */
  files: ReadonlyMap<string, string>;
  /** Whether it answers a request under a known `Idempotency-Key` by its first answer. */
  honoursKeys: boolean;
}

interface Answer {
  status: number;
  body?: object;
  headers?: Record<string, string>;
}

const SECRET = new TextEncoder().encode('a secret that only this server knows');
const TITLE_LIMIT = 20;

const refused = (status: number, error: string, headers = {}): Answer => ({ status, body: { error }, headers });
const etag = ({ version }: Note) => `"${version}"`;
const shown = (note: SavedNote, status = 200): Answer => ({ status, body: note, headers: { ETag: etag(note) } });

/**
 * A notes server. It gives the ids, and takes no edit without an `If-Match`, so that nobody overwrites unseen what somebody else has
 * written. It doesn't tell users apart in what they may do, only in who made a note.
 */
export async function createNotesServer({ files, honoursKeys }: Options): Promise<NotesServer> {
  const notes = new Map<string, SavedNote>();
  const received: Received[] = [];
  const kept = new Map<string, Answer>();
  const sockets = new Set<Socket>();
  let mode: Mode = 'serve';
  let generation = 0;
  let lastId = 0;

  const tokenOf = (user: string) => new SignJWT({ generation }).setProtectedHeader({ alg: 'HS256' }).setSubject(user).setIssuedAt().setExpirationTime('1h').sign(SECRET);
  async function userOf(request: IncomingMessage): Promise<string | null> {
    try {
      const { payload } = await jwtVerify((request.headers.authorization ?? '').replace(/^Bearer /, ''), SECRET);
      return payload['generation'] === generation ? (payload.sub ?? null) : null;
    } catch (error) {
      if (error instanceof errors.JOSEError) return null;
      throw error;
    }
  }

  function add({ title, text, by }: Pick<SavedNote, 'title' | 'text' | 'by'>): SavedNote {
    const note: SavedNote = { id: `n${++lastId}`, title, text, tags: [], version: 1, by };
    notes.set(note.id, note);
    return note;
  }
  const touch = (note: SavedNote, changes: Partial<Note>) => Object.assign(note, changes, { version: note.version + 1 });

  function act({ method = '', headers }: IncomingMessage, path: string, user: string, body: Record<string, string>): Answer {
    const [, , , id = '', part] = path.split('/');
    if (method === 'GET') return { status: 200, body: [...notes.values()] };
    if (body['title'] !== undefined && (body['title'] === '' || body['title'].length > TITLE_LIMIT)) return refused(422, `A title has 1 to ${TITLE_LIMIT} characters`);
    if (method === 'POST' && !id) return shown(add({ title: body['title'] ?? '', text: body['text'] ?? '', by: user }), 201);
    const note = notes.get(id);
    if (!note) return refused(404, `There is no note ${id}`);
    if (method === 'POST' && part === 'tags') return shown(touch(note, { tags: [...note.tags, body['tag'] ?? ''] }), 201);
    if (method === 'DELETE') {
      notes.delete(id);
      return { status: 204 };
    }
    if (method !== 'PATCH') return refused(405, 'There is no such thing to do');
    const condition = headers['if-match'];
    if (condition === undefined) return refused(428, 'An edit needs an If-Match', { ETag: etag(note) });
    if (condition !== '*' && condition !== etag(note)) return { ...shown(note, 412), body: { error: 'Somebody else has changed the note', ...note } };
    return shown(touch(note, body));
  }

  function send(response: ServerResponse, { status, body, headers = {} }: Answer): void {
    // A browser repeats by itself what breaks on a connection that was open before.
    response.writeHead(status, { 'Content-Type': 'application/json', Connection: 'close', 'Cache-Control': 'no-store', ...headers });
    response.end(body && JSON.stringify(body));
  }

  async function answerApi(request: IncomingMessage, response: ServerResponse, path: string, text: string): Promise<void> {
    const { method = '' } = request;
    if (method === 'HEAD') return send(response, { status: 204 });
    const user = await userOf(request);
    const seen: Received = { method, path, user, status: null };
    const isWrite = method !== 'GET';
    if (isWrite) received.push(seen);
    const now = isWrite ? mode : 'serve';
    if (now === 'hold') return;
    const key = honoursKeys && isWrite ? request.headers['idempotency-key'] : undefined;
    const known = typeof key === 'string' ? kept.get(key) : undefined;
    let answer: Answer;
    if (user === null) answer = refused(401, 'Sign in first', { 'WWW-Authenticate': 'Bearer error="invalid_token"' });
    else if (now === 'unavailable') answer = refused(503, 'Later, please');
    else answer = known ?? act(request, path, user, text ? (JSON.parse(text) as Record<string, string>) : {});
    if (typeof key === 'string' && answer.status < 400) kept.set(key, answer);
    if (now === 'act-and-hold') return;
    if (now === 'cut') {
      mode = 'serve';
      request.socket.destroy();
      return;
    }
    seen.status = answer.status;
    send(response, answer);
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const path = (request.url ?? '').split('?')[0]!;
    if (path.startsWith('/api/')) return answerApi(request, response, path, text);
    if (path === '/auth/login') return send(response, { status: 200, body: { token: await tokenOf((JSON.parse(text) as { user: string }).user) } });
    if (path === '/auth/refresh') {
      const user = await userOf(request);
      return send(response, user === null ? refused(401, 'Sign in first') : { status: 200, body: { token: await tokenOf(user) } });
    }
    const file = files.get(path);
    const type = path.endsWith('.js') ? 'text/javascript' : 'text/html';
    response.writeHead(file === undefined ? 404 : 200, { 'Content-Type': `${type}; charset=utf-8`, Connection: 'close', 'Cache-Control': 'no-store' }).end(file);
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      console.error(error);
      response.destroy();
    });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  let port = 0;
  const listen = async () => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  };
  await listen();

  return {
    origin: `http://127.0.0.1:${port}`,
    notes,
    received,
    mode: (next) => (mode = next),
    expireTokens: () => void generation++,
    edit: (id, changes) => void touch(notes.get(id)!, changes),
    add,
    async unlisten() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    listen,
  };
}
