import type { Process } from '../agenda.js';
import { opOf } from '../history.js';
import type { World } from '../world.js';

/** Looks at each request as it's sent. */
export function watchWire(world: World): void {
  const { network, history, disk } = world;
  /** On the wire, by op; and who has had a good answer. */
  const flying = new Map<number, Process>();
  const served = new Map<number, Process>();

  network.onSend = (process, { url, headers }) => {
    const op = opOf(url);
    // What has no key isn't captured.
    if (headers['idempotency-key'] === undefined) return;
    if (flying.get(op)?.isAlive) history.violated('once at a time', `${process.name} sends what ${flying.get(op)!.name} has on the wire`, op);
    const server = served.get(op);
    if (server?.isAlive && !disk.hasFailed) history.violated('no send after the answer', `${process.name} sends what ${server.name} had a good answer to`, op);
    flying.set(op, process);
  };
  network.onEnd = (process, { url, headers }, status) => {
    const op = opOf(url);
    if (headers['idempotency-key'] === undefined) return;
    if (flying.get(op) === process) flying.delete(op);
    if (status !== null && status < 300) served.set(op, process);
  };
}
