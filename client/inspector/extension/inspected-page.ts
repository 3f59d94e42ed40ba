import bridgeScript from 'virtual:holdfast-bridge';
import { fromJson, toJson } from './json.js';
import { BRIDGE, collectedOf, isScopes } from './messages.js';

const COLLECT_MS = 250;
/** Longer than the page's own deadline of 10 s, whose error says more. */
const DEADLINE_MS = 12_000;

export interface InspectedPage {
  /** The scopes of the page's origin whose workers are Holdfast's. Rejects where nothing can be evaluated. */
  scopes(): Promise<string[]>;
  call(scope: string, name: string, values: unknown[]): Promise<unknown>;
  /** Whether to collect events too. What a hidden panel misses it learns when it looks at everything again. */
  listen(on: boolean): void;
  /** The document is another one: what was asked of the last one gets no answer. */
  navigated(): void;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
  timer: ReturnType<typeof setTimeout>;
}

/** The page that DevTools inspects, by nothing but evaluation: it needs no permission and passes any CSP. */
export function inspectedPage(hear: (scope: string, event: unknown) => void): InspectedPage {
  const waiting = new Map<number, Waiting>();
  // Not those of another panel on the same page, which collects from the same bridge.
  let last = Math.floor(Math.random() * 2 ** 40);
  let listening = true;
  let collecting = false;

  const end = (id: number, settle: (one: Waiting) => void) => {
    const one = waiting.get(id);
    if (!one) return;
    clearTimeout(one.timer);
    waiting.delete(id);
    settle(one);
  };

  const abort = (ids: number[]) => {
    for (const id of ids) end(id, ({ reject }) => reject(new DOMException('holdfast: the page has navigated', 'AbortError')));
  };

  const ask = (method: 'scopes' | 'call', ...values: unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const id = ++last;
      const late = () => end(id, ({ reject: fail }) => fail(new DOMException('holdfast: the page gave no answer', 'TimeoutError')));
      waiting.set(id, { resolve, reject, timer: setTimeout(late, DEADLINE_MS) });
      // JSON is a JavaScript expression, so no value of the page's can be more than a value.
      const given = [id, ...values].map((value) => JSON.stringify(value)).join();
      evaluate(`${bridgeScript}\n;${BRIDGE}.${method}(${given})`).then(
        () => void collect(),
        (error: Error) => end(id, ({ reject: fail }) => fail(error)),
      );
    });

  async function collect(): Promise<void> {
    if (collecting) return;
    collecting = true;
    const asked = [...waiting.keys()];
    try {
      const collected = collectedOf(await evaluate(`globalThis.${BRIDGE}?.collect()`));
      // The bridge went with its document, and with it what was asked there.
      if (!collected) abort(asked);
      for (const answer of collected?.answers ?? [])
        end(answer.id, ({ resolve, reject }) => {
          if ('error' in answer) reject(Object.assign(new Error(answer.error.message), { name: answer.error.name }));
          else resolve(fromJson(answer.value));
        });
      if (listening) for (const { scope, event } of collected?.events ?? []) hear(scope, fromJson(event));
    } catch {
      // The document is gone, or it's one where nothing may be evaluated: its calls end at their deadline.
    }
    collecting = false;
  }
  setInterval(() => void ((listening || waiting.size > 0) && collect()), COLLECT_MS);

  return {
    async scopes() {
      const scopes = await ask('scopes');
      if (!isScopes(scopes)) throw new TypeError('holdfast: the page gave no list of scopes');
      return scopes;
    },
    call: (scope, name, values) => ask('call', scope, name, toJson(values)),
    listen: (on) => {
      listening = on;
    },
    navigated: () => abort([...waiting.keys()]),
  };
}

const evaluate = (expression: string): Promise<unknown> =>
  new Promise((resolve, reject) => {
    chrome.devtools.inspectedWindow.eval(expression, (result, failure) => {
      if (failure) reject(Object.assign(new Error('holdfast: nothing can be evaluated in this page'), { cause: failure }));
      else resolve(result);
    });
  });
