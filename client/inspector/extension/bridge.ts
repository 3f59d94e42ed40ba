/**
 * The page's end of the DevTools panel, evaluated in the inspected page as one script. `eval` of DevTools
 * gives JSON only and awaits nothing, so answers and events wait here until the panel collects them.
 */
import { callsOver } from '../../calls.js';
import { workerEndpoint } from '../../worker-endpoint.js';
import { API_CALLS, type SyncApi } from '../../../sw/protocol/api.js';
import { EVENT_CHANNEL } from '../../../sw/protocol/events.js';
import { placeOf } from '../../../sw/protocol/scope.js';
import { toJson, fromJson } from './json.js';
import { BRIDGE, type Bridge, type Collected, type HeardEvent } from './messages.js';

/** A foreign worker never answers. */
const PROBE_MS = 2_000;
/** A panel that's hidden collects nothing; when it's back it looks at everything again. */
const MOST_EVENTS = 1_000;

function open(): Bridge {
  const answers: Collected['answers'] = [];
  const events: HeardEvent[] = [];
  const apis = new WeakMap<ServiceWorkerRegistration, SyncApi>();
  const heard = new Set<string>();

  // An insecure page has none.
  const container = navigator.serviceWorker as ServiceWorkerContainer | undefined;
  const hear = (scope: string) => {
    if (heard.has(scope)) return;
    heard.add(scope);
    new BroadcastChannel(placeOf(scope) + EVENT_CHANNEL).addEventListener('message', ({ data }) => {
      events.push({ scope, event: toJson(data) });
      if (events.length > MOST_EVENTS) events.shift();
    });
  };

  const answer = (id: number, work: Promise<unknown>) =>
    void work.then(
      (value) => answers.push({ id, value: toJson(value) }),
      (error: unknown) => {
        const { name, message } = error instanceof Error ? error : new Error(String(error));
        answers.push({ id, error: { name, message } });
      },
    );

  async function scopes(): Promise<string[]> {
    const registrations = (await container?.getRegistrations()) ?? [];
    const active = registrations.filter((registration) => registration.active);
    const isOurs = await Promise.all(
      active.map(async (registration) => {
        const probe = new AbortController();
        const { signal } = probe;
        const asked = callsOver(workerEndpoint(registration, { deadlineMs: PROBE_MS, signal })).status();
        const found = await asked.then(() => true, () => false);
        probe.abort();
        return found;
      }),
    );
    const found = active.filter((_registration, at) => isOurs[at]).map(({ scope }) => scope);
    found.forEach(hear);
    return found;
  }

  async function apiOf(scope: string): Promise<SyncApi> {
    // Looked up anew: a scope that was registered again has another registration.
    const registration = (await container?.getRegistrations())?.find((one) => one.scope === scope);
    if (!registration) throw new Error(`holdfast: no worker has the scope ${scope} any more`);
    const known = apis.get(registration);
    if (known) return known;
    const api = callsOver(workerEndpoint(registration));
    apis.set(registration, api);
    return api;
  }

  return {
    scopes: (id) => answer(id, scopes()),
    call: (id, scope, name, values) => {
      const called = async () => {
        const known = API_CALLS.find((one) => one === name);
        if (!known) throw new TypeError(`holdfast: there's no call ${name}`);
        const api = (await apiOf(scope)) as unknown as Record<string, (...values: unknown[]) => Promise<unknown>>;
        return api[known]!(...(fromJson(values) as unknown[]));
      };
      answer(id, called());
    },
    collect: () => ({ answers: answers.splice(0), events: events.splice(0) }),
  };
}

// Not enumerable, so that a page that lists its globals doesn't meet it.
if (!Object.hasOwn(globalThis, BRIDGE)) Object.defineProperty(globalThis, BRIDGE, { value: open() });
