import type { Outcome } from '../../sw/policy/outcome.js';
import type { After } from '../wait.js';

/** An error's body is read so far, in bytes, and so long, in milliseconds. */
const LIMIT = 16 * 1024;
const PATIENCE_MS = 10_000;

/** An answer as data for the classifier. The body is let go. */
export async function outcomeOf(response: Response, bearer: boolean, after: After): Promise<Outcome> {
  const { status, headers } = response;
  const body = status === 401 ? await readJson(response, after) : undefined;
  void response.body?.cancel().catch(() => {});
  return { kind: 'answer', status, headers: Object.fromEntries(headers), body, bearer };
}

/** Undefined when it's no JSON, too long, or doesn't come. */
async function readJson({ body }: Response, after: After): Promise<unknown> {
  if (!body) return undefined;
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const cancel = () => void reader.cancel().catch(() => {});
  const stop = after(PATIENCE_MS, cancel);
  let text = '';
  try {
    for (let size = 0; size <= LIMIT; ) {
      const { done, value } = await reader.read();
      if (done) return JSON.parse(text);
      size += value.length;
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    // The status has to do.
  } finally {
    stop();
    cancel();
  }
  return undefined;
}
