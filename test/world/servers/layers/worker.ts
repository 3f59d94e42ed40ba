import { setTimeout as sleep } from 'node:timers/promises';
import { classify } from '../../../../sw/policy/classify.js';
import { createHarness } from '../../../support/harness.js';
import { settle } from '../../../support/virtual-clock.js';
import { EARLY_MS, isCut, isLost, isUnderWay, kept, stage, textOfSecond, type Scene } from './contract.js';
import type { Layer } from './layer.js';
import type { Answered, Case } from './table.js';

/** What a worker has made of a case: a `Right` and an `End`, or the entry's state where the table has no word for it. */
export interface Course {
  /** After the second request's answer. */
  right: string;
  end: string;
  /** How often the write was done. */
  runs: number;
}

const STEP_MS = 100;
const MINUTE_MS = 60_000;
/** A server that's still at it is asked for 15 minutes. What has come to no end by then rests. */
const PATIENCE_MS = 20 * MINUTE_MS;

/** The cases whose first answer the worker hears. Of the others no answer comes. */
const isHeard = (name: Case): boolean => name.startsWith('answered') || name === 'thrown';

/**
 * Plays a case through a whole worker, with its own pipeline and policies: a page's write is sent to the layer's server, comes to
 * what the case says, and is sent again by the worker for as long as the worker is willing to. Time is virtual.
 */
export async function play(layer: Layer, name: Case, { waits }: Pick<Answered, 'waits'>): Promise<Course> {
  const scene = await stage(layer, name);
  const wire = new Set<Promise<unknown>>();
  const keys = new Set<string>();
  let sent = 0;
  let first: Promise<unknown> = Promise.resolve();
  let isAway = false;

  const harness = createHarness({
    backends: [
      {
        baseUrl: '/api',
        // The harness's own keys are the same in each case, and a layer's store outlives a case.
        idempotencyKey: () => `"${crypto.randomUUID()}"`,
        // An app that gives an entry up when the server is away: what's edited is a dead letter.
        classify: (outcome) => (isAway && outcome.kind === 'unreachable' ? 'permanent' : classify(outcome)),
      },
    ],
    async rest() {
      do {
        await settle();
        await Promise.allSettled(wire);
      } while (wire.size > 0);
      await settle();
    },
  });
  const { api, clock, events } = harness;

  harness.server(async (request) => {
    if (isAway) return 'drop';
    keys.add(request.headers.get('Idempotency-Key')!);
    if (sent++ === 0 && !isHeard(name)) {
      first = loseFirst(scene, name, request);
      await scene.begun;
      return 'drop';
    }
    if (waits) void sleep(EARLY_MS).then(scene.go);
    const answered = passOn(scene, request);
    wire.add(answered);
    return answered.finally(() => wire.delete(answered));
  });

  try {
    await write(name);
    await comeAgain(name);
    const spent = (await api.entry('a'))?.retries ?? 0;
    while (sent < 2) await clock.advance(STEP_MS);
    const right = await verdict(spent);
    scene.go();
    if (isUnderWay(name)) await kept(scene);
    for (let ms = 0; ms < PATIENCE_MS && (await api.entry('a'))?.state === 'pending'; ms += MINUTE_MS) await clock.advance(MINUTE_MS);
    const end = await verdict(spent);
    return { right, end: end === 'sent under a fresh key' ? 'delivered' : end, runs: scene.runs };
  } finally {
    scene.go();
    await first;
    await scene.close();
  }

  /** The page's write, and what becomes of its first request. */
  async function write(name: Case): Promise<void> {
    const isStoredFirst = name === 'answered with 422';
    if (isStoredFirst) harness.goOffline();
    const headers = { 'Content-Type': 'application/json', 'Holdfast-Id': 'a' };
    await harness.post(JSON.stringify({ text: 'a' }), { headers, token: 'old' });
    if (isStoredFirst) {
      harness.goOnline();
      await api.wake('online');
      await clock.advance(STEP_MS);
    }
    if (isLost(name)) await scene.lose();
    if (isHeard(name) || isUnderWay(name)) return;
    scene.go();
    await first;
    if (name === 'cut, and done') await kept(scene);
  }

  /** What must happen before the worker sends the write again. */
  async function comeAgain(name: Case): Promise<void> {
    if (name === 'answered with 401') await api.provideToken('fresh');
    if (name === 'answered with 422') await api.retry('a');
    if (textOfSecond(name) === 'a') return;
    isAway = true;
    while ((await api.entry('a'))?.state !== 'dead') await clock.advance(STEP_MS);
    isAway = false;
    await api.edit('a', { body: JSON.stringify({ text: textOfSecond(name) }) });
    await api.retry('a');
  }

  /** @param spent the retries before the second request */
  async function verdict(spent: number): Promise<string> {
    const entry = await api.entry('a');
    if (!entry) {
      if (!events.some(({ type }) => type === 'delivered')) return 'gone';
      return keys.size > 1 ? 'sent under a fresh key' : 'delivered';
    }
    const { state, reason, inDoubt, retries } = entry;
    if (state === 'dead') return inDoubt ? 'in doubt' : 'refused';
    if (reason === 'in-progress' && retries === spent) return 'asked again';
    if (reason === 'server-unavailable') return 'rests';
    return reason === 'server-error' ? 'retried' : `${state}, ${reason}, ${retries} retries`;
  }
}

/** Sends the first request of which no answer is heard. Resolves when the server is rid of it. */
async function loseFirst(scene: Scene, name: Case, request: Request): Promise<void> {
  const cut = new AbortController();
  const sent = passOn(scene, request, cut.signal).catch(() => {});
  await scene.begun;
  if (isCut(name)) cut.abort();
  await sent;
}

/** Sends a worker's request to the layer's server. The answer comes as if from the worker's own origin. */
async function passOn({ origin }: Scene, request: Request, signal: AbortSignal | null = null): Promise<Response> {
  const { method, headers } = request;
  const { pathname } = new URL(request.url);
  const answer = await fetch(`${origin}${pathname}`, { method, headers, body: await request.text(), signal });
  return new Response(await answer.arrayBuffer(), { status: answer.status, headers: answer.headers });
}
