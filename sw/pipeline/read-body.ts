import type { Clock } from '../ports.js';

/** A body that takes longer is cut, as the status has said what happened. In milliseconds. */
const BODY_TIMEOUT_MS = 10_000;

export interface Bytes {
  bytes: Uint8Array<ArrayBuffer>;
  truncated: boolean;
}

/** Reads up to `limit` bytes of a body, for at most ten seconds, and cancels the rest. */
export async function readAtMost(response: Response, limit: number, clock: Clock): Promise<Bytes> {
  const reader = response.body?.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  let truncated = false;
  const cut = () => {
    truncated = true;
    // Cancelling also ends a read that's under way.
    void reader?.cancel().catch(() => {});
  };
  const stopTimer = clock.after(BODY_TIMEOUT_MS, cut);
  try {
    while (reader && !truncated) {
      const { done, value } = await reader.read();
      if (done) break;
      const room = limit - size;
      chunks.push(value.subarray(0, room));
      size += Math.min(room, value.byteLength);
      if (value.byteLength > room) cut();
    }
  } finally {
    stopTimer();
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return { bytes, truncated };
}
