import { IDEMPOTENCY_HEADER } from '../../../sw/protocol/headers.js';
import { Worker } from '../browser/worker.js';
import { opOf } from '../history.js';
import type { Answer } from '../server.js';
import type { World } from '../world.js';
import { isReplay } from './replays.js';

/** What was planned before an answer came is on its way within this, in milliseconds. */
const PLANNED_MS = 100;

/** Looks at what becomes of what an idempotency layer says. */
export function watchLayer(world: World): void {
  const { agenda, chances, disk, history, network } = world;
  /** By op and key: the last answer that a worker has had, when, and in which place of all that has happened. */
  const heard = new Map<string, { answer: Answer; at: number; order: number }>();

  network.onEnd.push((process, { url, headers }, answer) => {
    if (process instanceof Worker && answer && headers[IDEMPOTENCY_HEADER] !== undefined)
      heard.set(`${opOf(url)} ${headers[IDEMPOTENCY_HEADER]}`, { answer, at: agenda.now, order: history.next() });
  });

  network.onSend.push((process, { url, headers }) => {
    const op = opOf(url);
    const last = heard.get(`${op} ${headers[IDEMPOTENCY_HEADER]}`);
    if (!(process instanceof Worker) || !last || !isReplay(world, process, op) || agenda.now < last.at + PLANNED_MS || chances.wasSlow || disk.wasFull || disk.hasFailed) return;
    const { answer, at, order } = last;
    const wantsIt = history.told.get(op)?.some(({ event, order: told }) => event.type === 'queued' && event.reason === 'retried' && told > order);
    const isFailure = answer.status >= 500 && answer.headers['idempotency-replayed'] === 'true';
    if (isFailure && !wantsIt && isDurable(order, op)) history.violated('a kept failure is the last', `${process.name} asks again, though the server keeps its ${answer.status} under the key`, op);
    const leftMs = at + Number(answer.headers['retry-after'] ?? 0) * 1_000 - agenda.now;
    // A worker's clock has whole milliseconds.
    if (answer.status === 409 && leftMs >= 1 && !wantsIt && isDurable(order, op)) history.violated('a server at work is left alone', `${process.name} asks ${Math.round(leftMs)} ms too early`, op);
  });

  /** A worker that dies over an answer leaves nothing of it to the next one. */
  const isDurable = (order: number, op: number) => history.told.get(op)?.some(({ event, order: told }) => told > order && (event.type === 'failed' || event.type === 'retrying'));
}

/** What the server has done, or is about to do, is buried as being in doubt. */
export function buriedInDoubt({ history }: World): void {
  for (const [op, told] of history.told)
    for (const { event, order } of told) {
      if (event.type !== 'failed' || event.inDoubt || history.posts.get(op)?.diedBare) continue;
      const done = history.effects.find((effect) => effect.op === op && effect.key !== null && effect.arrivedOrder < order);
      if (done) history.violated('what was done is buried in doubt', `${event.reason}, status ${event.status}, and the server has acted under ${done.key}`, op);
    }
}
