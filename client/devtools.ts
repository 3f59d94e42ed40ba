import type { Heard } from '../sw/protocol/events.js';
import type { SyncClient } from './sync-client.js';
import { loadTools } from './tools/load.js';
import type { Printed } from './tools/print.js';
import { browserAfter } from './wait.js';

declare global {
  /** For the console: `await __HOLDFAST__.entries()` prints a table, and gives what the client gives. */
  // eslint-disable-next-line no-var
  var __HOLDFAST__: Pick<SyncClient, Printed> | undefined;
}

/** Puts the page's client within reach of its console; the last one that was connected is there. */
export function showInConsole(client: SyncClient, signal: AbortSignal): void {
  const printed = (what: Printed) => [
    what,
    async (...given: never[]) => {
      const answer = await (client[what] as (...given: never[]) => Promise<unknown>)(...given);
      return (await loadTools()).print(what, answer);
    },
  ];
  const mine = Object.fromEntries((['status', 'entries', 'journal'] as const).map(printed)) as typeof __HOLDFAST__;
  Object.defineProperty(globalThis, '__HOLDFAST__', { value: mine, configurable: true, writable: true });
  signal.addEventListener('abort', () => {
    if (globalThis.__HOLDFAST__ === mine) globalThis.__HOLDFAST__ = undefined;
  });
}

/** Hears events, and draws them once the code for it is there. */
export function traced(): (event: Heard) => void {
  const trace = loadTools().then(({ createTrace }) =>
    createTrace({ performance, after: browserAfter }),
  );
  trace.catch((error: unknown) => console.warn("[holdfast] nothing is traced; holdfast-tools.js isn't beside holdfast.js", error));
  return (event) => void trace.then((draw) => draw(event)).catch(() => {});
}
