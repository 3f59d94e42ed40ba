import type { EntryRecord } from '../../policy/entry-record.js';
import { idFrom, readBody, realIdOf } from '../../policy/real-id.js';
import type { FinalAnswer } from '../../policy/settlement.js';
import { bodyWith, urlWith, type RealId, type Replace } from '../../policy/temporary-ids.js';
import type { Body, Ports } from '../../ports.js';
import type { Backend } from '../backend/backend.js';
import { createDeadline } from '../deadline.js';

interface Given {
  url: string;
  body: Body | null;
}

/** A request's URL and body with what they name replaced. A body is the very same where nothing is replaced. */
export async function withIds({ url, headers }: EntryRecord['request'], body: Body | null, replace: Replace): Promise<Given> {
  const type = headers['content-type'] ?? '';
  // Text is never a Blob, and of the rest only a multipart form names anything.
  const bytes = !(body instanceof Blob) ? body : /^multipart\/form-data/i.test(type) ? await body.arrayBuffer() : null;
  const made = bytes && bodyWith(bytes, type, replace);
  return { url: urlWith(url, replace), body: made === bytes ? body : body instanceof Blob ? new Blob([made!], { type: body.type }) : made };
}

/** Reads the real id out of the answer to a request that provides a temporary one. Null where there's none, or the app's code fails. */
export type RealIdIn = (backend: Backend, answer: FinalAnswer) => Promise<RealId | null>;

export function createRealIdIn(ports: Pick<Ports, 'clock' | 'log'>): RealIdIn {
  const deadline = createDeadline(ports);
  return async ({ config: { idsFrom = idFrom } }, { status, headers, body }) => {
    const text = new TextDecoder().decode(body ?? new ArrayBuffer());
    try {
      return realIdOf(await deadline('ids.from', () => idsFrom({ status, headers, body: readBody(text) })), text);
    } catch (error) {
      ports.log.warn('[holdfast] ids.from failed, so what waits for the id goes on waiting; mend it, and tell the id by resolve', error);
      return null;
    }
  };
}
