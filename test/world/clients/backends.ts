import type { Reply } from '../../support/api-server.js';
import { html, json, type Backend } from './row.js';

/** The same answer for all. */
export const always =
  (reply: Reply): Backend =>
  () =>
  () =>
    reply;

export const NOTE = { id: 7, title: 'a note' };
export const note = always(json(NOTE, 201));

/** A row of the list that's on the screen. */
export const row = always(html('<li>a note</li>'));

/** Tokens that are used once: a second use of a refresh token is refused, as supabase and most identity servers do. */
export const tokens =
  (answer: (turn: number) => object): Backend =>
  () => {
    let turn = 0;
    return ({ text, path }) => {
      const used = /r(\d+)/.exec(text)?.[1];
      if (used !== undefined && Number(used) !== turn) return json({ error: 'invalid_grant', error_description: `r${used} at ${path}` }, 400);
      return json(answer(++turn));
    };
  };

/** tus 1.0.0 (https://tus.io/protocols/resumable-upload), and what FilePond makes of it: its creation is answered with an id. */
export const uploads = (created: (path: string) => Reply): Backend => () => {
  let offset = 0;
  return ({ method, path, body }) => {
    const headers = { 'Tus-Resumable': '1.0.0', 'Upload-Length': '300' };
    if (method === 'POST') return created(path);
    if (method === 'PATCH') offset += body.byteLength;
    return { status: method === 'PATCH' ? 204 : 200, headers: { ...headers, 'Upload-Offset': String(offset) } };
  };
};

export const tus = uploads((path) => ({ status: 201, headers: { 'Tus-Resumable': '1.0.0', Location: `${path}/1` } }));
export const chunks = uploads(() => ({ status: 200, headers: { 'Content-Type': 'text/plain' }, body: 'file-1' }));

/** engine.io 4 by polling, and socket.io over it: one client, whose packets are confirmed. */
export const socketIo: Backend = () => {
  let session = 0;
  let waiting: string[] = [];
  let wake = () => {};
  return async ({ method, path, text }) => {
    const sid = new URL(path, 'http://localhost').searchParams.get('sid');
    if (!sid) {
      session++;
      waiting = [];
      return { body: `0${JSON.stringify({ sid: `s${session}`, upgrades: [], pingInterval: 25_000, pingTimeout: 20_000, maxPayload: 1e6 })}` };
    }
    if (sid !== `s${session}`) return json({ code: 1, message: 'Session ID unknown' }, 400);
    if (method === 'POST') {
      for (const packet of text.split('\x1e')) {
        if (packet.startsWith('40')) waiting.push(`40{"sid":"${sid}"}`);
        const id = /^42(\d+)/.exec(packet)?.[1];
        if (id) waiting.push(`43${id}["kept"]`);
      }
      wake();
      return { headers: { 'Content-Type': 'text/html' }, body: 'ok' };
    }
    if (waiting.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return { body: waiting.splice(0).join('\x1e') };
  };
};
