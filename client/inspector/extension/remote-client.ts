import { API_CALLS, type SyncApi } from '../../../sw/protocol/api.js';
import type { SyncEvent } from '../../../sw/protocol/events.js';
import { exportHar } from '../../tools/har.js';
import type { SyncEventTarget } from '../../event-target.js';
import type { InspectorClient } from '../client.js';
import type { InspectedPage } from './inspected-page.js';

export interface RemoteClient {
  client: InspectorClient;
  /** What came over the page's channel. */
  hear(event: unknown): void;
  /** Events may have been missed. */
  lookAgain(): void;
}

/** A client of a worker of the inspected page. */
export function remoteClient(page: InspectedPage, scope: string): RemoteClient {
  const target = new EventTarget() as SyncEventTarget & EventTarget;
  const calls = API_CALLS.map((name) => [name, (...values: unknown[]) => page.call(scope, name, values)]);
  const api = Object.fromEntries(calls) as SyncApi;
  const changed = (detail: unknown) => void target.dispatchEvent(new CustomEvent('changed', { detail }));
  return {
    client: Object.assign(target, { ...api, exportHar: () => exportHar(api) }) as unknown as InspectorClient,
    hear(event) {
      if (!isNamed(event) || event.type === 'token') return;
      if (event.type === 'changed') return changed(event);
      for (const type of [event.type, 'event'])
        target.dispatchEvent(new CustomEvent<SyncEvent>(type, { detail: event as SyncEvent }));
    },
    lookAgain: () => changed(null),
  };
}

const isNamed = (event: unknown): event is { type: string } =>
  typeof event === 'object' && event !== null && typeof (event as { type?: unknown }).type === 'string';
