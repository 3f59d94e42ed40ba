import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import type { Act, Done, Layer } from './layer.js';
import type { Answered, Case } from './table.js';

/** What the table says of an answer, but for what's right. */
type Seen = Omit<Answered, 'right'>;

const MARKS = /^(retry-after|(x-)?idempoten(t|cy)-(replay(ed)?|status|key))$/;

/** An answer that comes no sooner than this is one that waits. The first request stays under way until then, however long. */
export const EARLY_MS = 250;

const FAILURES: Partial<Record<Case, Done>> = {
  'answered with 401': { status: 401 },
  'answered with 422': { status: 422 },
  'answered with 500': { status: 500 },
  'answered with 503': { status: 503, headers: { 'Retry-After': '1' } },
};

/** The server of a case. What becomes of the first write is the case's; each later one succeeds. */
export interface Scene {
  /** Changes when the server is lost. */
  readonly origin: string;
  /** Resolves when the route has the first write. */
  begun: Promise<void>;
  /** Lets a first write that's under way come to its end. */
  go(): void;
  /** Resolves when the write has been done. */
  done: Promise<void>;
  /** How often the write has been done. */
  readonly runs: number;
  /** The server dies over the first write, and another one takes its place. */
  lose(): Promise<void>;
  close(): Promise<void>;
}

export async function stage(layer: Layer, name: Case): Promise<Scene> {
  const [begun, go, done] = [moment(), moment(), moment()];
  const isFirst = once();
  let runs = 0;
  const act: Act = async () => {
    begun.come();
    if (isFirst()) {
      if (name === 'thrown') throw new Error('the route fails');
      const failure = FAILURES[name];
      if (failure) return failure;
      await go.came;
    }
    runs++;
    done.come();
    return { status: 201 };
  };
  const dead: Act = () => {
    begun.come();
    return new Promise(() => {});
  };
  let server = await run(layer, isLost(name) ? dead : act);
  return {
    get origin() {
      return server.origin;
    },
    begun: begun.came,
    go: go.come,
    done: done.came,
    get runs() {
      return runs;
    },
    async lose() {
      await server.close();
      await layer.crash?.();
      go.come();
      server = await run(layer, act);
      isFirst();
    },
    close: () => server.close(),
  };
}

/** Whether the first request's client hangs up before it's done. */
export const isCut = (name: Case): boolean => name.startsWith('cut');

/** Whether the server dies over the first request. */
export const isLost = (name: Case): boolean => name === 'lost with its server';

/** Whether the second request comes while the first one is under way. */
export const isUnderWay = (name: Case): boolean => name.includes('under way');

/** The text of the second request; the first one's is `a`. */
export const textOfSecond = (name: Case): string => (name.endsWith('another body') ? 'b' : 'a');

/** Waits until what the server has done is also kept. */
export async function kept({ done }: Scene): Promise<void> {
  await done;
  // What the server keeps in memory is kept in this turn; what isn't yet in a database is waited for there.
  await turn();
}

/** Sends two requests under one key, the second one after what the case says of the first, and gives its answer. */
export async function ask(layer: Layer, name: Case, { waits }: Pick<Answered, 'waits'>): Promise<Seen> {
  const key = `"${crypto.randomUUID()}"`;
  const scene = await stage(layer, name);
  try {
    const cut = new AbortController();
    const first = send(scene.origin, key, 'a', cut.signal).catch(() => null);
    await scene.begun;
    if (isCut(name)) cut.abort();
    if (isLost(name)) await scene.lose();
    if (!isUnderWay(name)) {
      scene.go();
      await first;
    }
    if (name === 'cut, and done') await kept(scene);
    const asked = send(scene.origin, key, textOfSecond(name));
    const isEarly = waits && (await Promise.race([asked.then(() => true), sleep(EARLY_MS, false)]));
    if (waits && !isLost(name)) scene.go();
    const { status, marks, code } = await asked;
    scene.go();
    if (isUnderWay(name)) await scene.done;
    await first;
    const ours = marks['idempotency-key'] === key ? { 'idempotency-key': '(ours)' } : {};
    return { status, marks: { ...marks, ...ours }, ...(code !== undefined && { code }), ...(waits && !isEarly && { waits }), runs: scene.runs };
  } finally {
    await scene.close();
  }
}

/** Sends a write whose connections to the store are lost in the midst of it, though its server lives; and the same again. */
export async function askOverLostConnection(layer: Layer): Promise<{ statuses: number[]; runs: number }> {
  const key = `"${crypto.randomUUID()}"`;
  let runs = 0;
  const { origin, close } = await run(layer, async () => {
    if (runs++ === 0) await layer.crash?.();
    return { status: 201 };
  });
  const first = await send(origin, key, 'a');
  const second = await send(origin, key, 'a');
  await close();
  return { statuses: [first.status, second.status], runs };
}

/** How often ten requests under one key, sent at the same moment, are done. */
export async function askTenTimes(layer: Layer): Promise<number> {
  const key = `"${crypto.randomUUID()}"`;
  let runs = 0;
  const { origin, close } = await run(layer, async () => {
    runs++;
    await turn();
    return { status: 201 };
  });
  await Promise.all(Array.from({ length: 10 }, () => send(origin, key, 'a')));
  await close();
  return runs;
}

function moment() {
  let come = () => {};
  const came = new Promise<void>((resolve) => (come = resolve));
  return { come, came };
}

/** True when it's called first. */
function once(): () => boolean {
  let isFirst = true;
  return () => {
    const was = isFirst;
    isFirst = false;
    return was;
  };
}

interface Running {
  origin: string;
  close(): Promise<void>;
}

async function run(layer: Layer, act: Act): Promise<Running> {
  const answer = await layer.listener(act);
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { origin: `http://127.0.0.1:${port}`, close };
}

async function send(origin: string, key: string, text: string, signal: AbortSignal | null = null): Promise<Pick<Answered, 'status' | 'marks' | 'code'>> {
  const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': key };
  const response = await fetch(`${origin}/api/notes`, { method: 'POST', headers, body: JSON.stringify({ text }), signal });
  const { status } = response;
  const body = await response.text();
  const isJson = response.headers.get('Content-Type')?.startsWith('application/json');
  const { code } = isJson && body !== '' ? (JSON.parse(body) as { code?: string }) : {};
  const marks = Object.fromEntries([...response.headers].filter(([name]) => MARKS.test(name)));
  return { status, marks, ...(code !== undefined && { code }) };
}
