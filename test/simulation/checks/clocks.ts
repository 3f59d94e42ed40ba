import { IDEMPOTENCY_HEADER } from '../../../sw/protocol/headers.js';
import type { BackendRecord } from '../../../sw/policy/backend-record.js';
import type { Process } from '../agenda.js';
import type { World } from '../world.js';

/** What an answer has told is written down with what's written so much later, in milliseconds. */
const NOTED_MS = 1_000;

/** A `Date` is of a full second, and has travelled; and tokens are kept for a moment. In milliseconds. */
const BEHIND_MS = 4_000;
const BEFORE_MS = 500;

/** Looks at what workers make of the server's clock, once an answer has told them: both backends have the same one. */
export function watchClocks({ agenda, chances, disk, history, network, setup }: World): void {
  const told = new Map<Process, number>();

  network.onEnd.push((process, { headers }, answer) => {
    if (answer?.headers['date'] !== undefined && headers[IDEMPOTENCY_HEADER] !== undefined && !told.has(process)) told.set(process, agenda.now);
  });

  disk.onCommit.push(({ process, changes }) => {
    for (const { store, after } of changes) {
      if (store !== 'backends' || !after || chances.wasSlow) continue;
      const { key, serverSkewMs } = after as BackendRecord;
      const at = told.get(process) ?? Infinity;
      const offMs = (serverSkewMs ?? NaN) - setup.aheadS * 1_000;
      if (agenda.now > at + NOTED_MS && !(offMs <= BEFORE_MS && offMs >= -BEHIND_MS))
        history.violated("the server's clock is known", `${process.name} takes ${key} to be ${serverSkewMs} ms ahead, and it is ${setup.aheadS} s`);
    }
  });
}
