import type { Process } from '../agenda.js';
import { Worker } from '../browser/worker.js';
import { opOf } from '../history.js';
import type { World } from '../world.js';

/** A validation that was under way when the login page came is over after this, in milliseconds. */
const FOUND_MS = 5_000;

/** What was planned before a failure goes out within this, in milliseconds. */
const PLANNED_MS = 100;

const prefixOf = (url: string): string => new URL(url).pathname.split('/')[1] ?? '';

/** A worker that has failed to get through a login page sends no replay into it again: it asks for the network first. */
export function watchPortal({ agenda, chances, history, network, setup }: World): void {
  /** When a send of a worker's to a backend has failed last, while nothing else came through. */
  const failed = new Map<Process, Map<string, number>>();

  network.onSend.push((process, arrived) => {
    const { portalSince } = network;
    const op = opOf(arrived.url);
    if (!setup.validates || !(process instanceof Worker) || portalSince === null || chances.wasSlow) return;
    const isReplay = arrived.headers['idempotency-key'] !== undefined && ![...process.fetches].some(({ open }) => open.op === op);
    const at = failed.get(process)?.get(prefixOf(arrived.url)) ?? Infinity;
    if (isReplay && agenda.now > portalSince + FOUND_MS && at > portalSince && at < agenda.now - PLANNED_MS)
      history.violated('no replay into a login page', `${process.name} failed ${Math.round(agenda.now - at)} ms ago`, op);
  });

  network.onEnd.push((process, arrived, answer) => {
    if (arrived.method === 'HEAD') return;
    const mine = failed.get(process) ?? new Map<string, number>();
    failed.set(process, mine);
    if (answer === null) mine.set(prefixOf(arrived.url), agenda.now);
    else mine.delete(prefixOf(arrived.url));
  });
}
