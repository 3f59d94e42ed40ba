import type { CDPSession } from 'playwright';

/** A target of the browser for which Playwright gives no session: a service worker, DevTools, a page of an extension. */
export interface Target {
  /** Gives the method's result. @throws Error with the method and the browser's words */
  send(method: string, params?: object): Promise<unknown>;
  detach(): Promise<void>;
}

interface Answer {
  id?: number;
  result?: unknown;
  error?: { message: string };
}

/** Speaks to a target by messages that are wrapped in the browser's own. */
export async function attachTo(browser: CDPSession, targetId: string): Promise<Target> {
  const { sessionId } = await browser.send('Target.attachToTarget', { targetId, flatten: false });
  const waiting = new Map<number, (answer: Answer) => void>();
  browser.on('Target.receivedMessageFromTarget', (event) => {
    if (event.sessionId !== sessionId) return;
    const answer = JSON.parse(event.message) as Answer;
    if (answer.id === undefined) return;
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  let last = 0;
  return {
    async send(method, params = {}) {
      const id = ++last;
      const answered = new Promise<Answer>((resolve) => void waiting.set(id, resolve));
      await browser.send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id, method, params }) });
      const { result, error } = await answered;
      if (error) throw new Error(`${method}: ${error.message}`);
      return result;
    },
    async detach() {
      await browser.send('Target.detachFromTarget', { sessionId }).catch(() => {});
    },
  };
}
