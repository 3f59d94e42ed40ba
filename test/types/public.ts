/** What the public doors let through, and what they refuse. The compiler is the test. */
import 'holdfast/globals';
import 'holdfast/sw/globals';
import { addLanguage, AmbiguousReferenceError, AuthRejectedError, ConfigError, connect, describeEvent, describeStatus, fetchToken, isKept, RegistrationError, StreamError, TokenRefreshError, workerEndpoint, type EntryInfo, type Kept, type OutboxSnapshot, type Settlement, type SyncEvent } from 'holdfast';
import {
  adoptWorkboxQueue,
  checkpointKey,
  classify,
  clientWins,
  type Classifier,
  connectivityGate,
  excludesCredentials,
  exponentialBackoff,
  fullJitter,
  holdfastPlugin,
  install,
  memoryCheckpoints,
  mergeJson,
  openGate,
  registerQuotaErrorCallback,
  serverWins,
  type Outcome,
  type RetryPolicy,
  type Verdict,
} from 'holdfast/sw';
import type { HoldfastElements } from 'holdfast/inspector';
import { useEntry, useOutbox, useSyncStatus } from 'holdfast/react';
import byDefault, { holdfast as vitePlugin, type HoldfastOptions } from 'holdfast/vite';
import * as Comlink from 'comlink';
import type { Plugin } from 'vite';
import type { StrategyOptions } from 'workbox-strategies';
import type { SyncApi } from 'holdfast';

export async function page(registration: ServiceWorkerRegistration): Promise<void> {
  const sync = await connect({ worker: '/sw.js', getToken: async ({ reason, rejected }) => (rejected ? null : reason) });
  sync.addEventListener('retrying', ({ detail }) => detail.delayMs.toFixed());
  sync.addEventListener('outbox-full', ({ detail }) => detail.limit satisfies 'maxEntries' | 'maxBytes' | 'quota');
  (await sync.status()).storage.persisted satisfies boolean | null;
  sync.addEventListener('event', ({ detail }) => {
    if (detail.type === 'failed') detail.reason satisfies string;
    // @ts-expect-error -- only a retry has a delay
    void detail.delayMs;
  });
  sync.addEventListener('event', ({ detail }) => describeEvent(detail, 'zh-CN') satisfies string);
  describeStatus(sync.outbox.getSnapshot(), 'zh-CN') satisfies string[];
  // @ts-expect-error -- the status alone doesn't say since when
  describeStatus({ status: await sync.status() });
  // @ts-expect-error -- a language has words for all of them
  addLanguage('de', { reasons: {}, events: {} });
  // @ts-expect-error -- there's no such event
  sync.addEventListener('finished', () => {});
  const entries: EntryInfo[] = await sync.entries({ state: 'dead', limit: 10 });
  // @ts-expect-error -- there's no such state
  await sync.entries({ state: 'gone' });
  const settlement: Settlement = await sync.settled(entries[0]?.id ?? 'x', { signal: AbortSignal.timeout(1) });
  settlement.body satisfies ArrayBuffer | null;
  (await sync.settled('x')).json<{ title: string }>() satisfies { title: string };
  const response = await fetch('/api/notes', { method: 'POST' });
  if (isKept(response)) {
    const kept: Kept = await response.json();
    kept.queued satisfies true;
    // @ts-expect-error -- the 202 isn't the server's answer
    void (await response.json()).title;
  }
  const stop = sync.outbox.subscribe(({ entries, status }) => console.log(entries satisfies readonly EntryInfo[], status?.needsSignIn));
  stop() satisfies void;
  sync.outbox.getSnapshot() satisfies OutboxSnapshot;
  // @ts-expect-error -- a snapshot isn't to be changed
  sync.outbox.getSnapshot().loaded = true;
  const { needsSignIn, parked } = await sync.status();
  [needsSignIn, parked] satisfies [boolean, number];
  // @ts-expect-error -- a token is a string
  await sync.provideToken(7);
  await sync.signOut({ purge: true });
  // @ts-expect-error -- the option is purge
  await sync.signOut({ all: true });
  await sync.signIn('ann');
  (await sync.edit('id', { body: { title: 'x' }, headers: { 'X-Note': null } })) satisfies boolean;
  (await sync.edit('id', { body: 'x' }, { newKey: true })) satisfies boolean;
  (await sync.retry('id', { newKey: true })) satisfies boolean;
  // @ts-expect-error -- a key is made, and not given
  await sync.retry('id', { newKey: 'x' });
  ((await sync.entry('id'))?.inDoubt) satisfies true | undefined;
  // @ts-expect-error -- a number is no body
  await sync.edit('id', { body: 7 });
  await sync.edit('id', { url: '/api/x' });
  // @ts-expect-error -- the method stays
  await sync.edit('id', { method: 'PUT' });
  (await sync.body('id', { maxBytes: 10 }))?.bytes satisfies ArrayBuffer | undefined;
  (await sync.exportHar()).log.version satisfies '1.2';
  (await sync.entry('id'))?.attempts[0]?.status satisfies number | null | undefined;
  sync.addEventListener('changed', () => {});
  await connect({ worker: '/sw.js', trace: true });
  await sync.configure({ autoRetry: false, offlineMode: null });
  // @ts-expect-error -- there's no such switch
  await sync.configure({ paused: true });
  (await sync.status()).backends[0]?.tokenExpiresAt satisfies number | null | undefined;
  await connect({ worker: '/sw.js', getToken: () => fetchToken({ url: '/refresh', pick: ({ data }) => data.jwt }) });
  // @ts-expect-error -- a token must come from somewhere
  await fetchToken({ maxRetries: 1 });
  new TokenRefreshError('why', 400).status satisfies number | null;
  for (const error of [AmbiguousReferenceError, ConfigError, RegistrationError]) error.prototype satisfies Error;
  sync.addEventListener('delivered', ({ detail }) => detail.partial satisfies true | undefined);
  sync.addEventListener('held', ({ detail }) => detail.reason satisfies 'auth-expired' | 'token-missing' | 'session-expired' | 'csrf-expired' | 'signed-out');
  await connect({ renewSession: async ({ signal, baseUrl }) => (await fetch(baseUrl, { signal })).ok, getCsrfToken: () => null });
  await sync.signIn();
  // @ts-expect-error -- a session is live, or it isn't
  await connect({ renewSession: () => 'token' });
  await connect({ user: 'ann' });
  for await (const { id, event, data } of sync.observe('/api/feed', { taskId: 'feed' })) {
    id satisfies string | null;
    (event + data) satisfies string;
  }
  const numbers = sync.observe(new URL('https://x.example/feed'), {
    taskId: 'feed',
    parse: Number,
    isTerminal: ({ data }) => data === 0,
    getToken: false,
    onState: (state) => state.state === 'waiting' && state.delayMs.toFixed(),
  });
  (await numbers.next()).value?.data satisfies number | undefined;
  // @ts-expect-error -- a stream needs its task id
  sync.observe('/api/feed', {});
  new StreamError('/api/feed', 'why').status satisfies number | null;
  new AuthRejectedError('/api/feed', 'why') satisfies Error;
  // @ts-expect-error -- the option is getToken
  await connect({ worker: '/sw.js', getTokens: () => null });

  const worker = Comlink.wrap<SyncApi>(workerEndpoint(registration, { deadlineMs: 500 }));
  (await worker.provideToken('t', { baseUrl: '/api' })) satisfies string;
  (await sync.resolve('temp-1')) satisfies string | number | null;
  await sync.resolve('temp-1', 7);
  // @ts-expect-error -- an id is text or a number
  await sync.resolve('temp-1', null);
  sync.addEventListener('resolved', ({ detail: { temporaryId, realId } }) => void [temporaryId.length satisfies number, realId satisfies string | number | null]);
  // @ts-expect-error -- there's no such call
  await worker.destroy();
}

export function worker(): void {
  const patient: RetryPolicy = ({ kind, attempt, random }) => (kind === 'answered' && attempt > 9 ? null : random * 1000);
  install({
    backends: [
      { baseUrl: '/api', retry: patient, gate: openGate, auth: { codes: ['E1'], on401: 'pass' } },
      { baseUrl: '/bare', idempotencyKey: 'bare', busyCodes: ['STILL_AT_IT'] },
      { baseUrl: '/own', idempotencyKey: () => 'key' },
      // @ts-expect-error -- a key has no other form
      { baseUrl: '/odd', idempotencyKey: 'quoted' },
      { baseUrl: 'https://x.example', auth: false, capture: 'write-ahead', respond: ({ id }) => Response.json({ id }) },
      { baseUrl: 'https://y.example', respond: async (entry, request) => (entry.retries > 0 ? 'wait' : request.method === 'PUT' ? null : Response.json(await request.json())) },
      { baseUrl: 'https://z.example', respond: 'auto' },
      { baseUrl: 'https://i.example', ids: { from: ({ body, headers, status }) => (status === 201 ? headers['x-id'] : (body as { id: number }).id) } },
      // @ts-expect-error -- an id is text or a number
      { baseUrl: 'https://j.example', ids: { from: () => ({ id: 1 }) } },
    ],
    onEvent: (event: SyncEvent) => void event.type,
  });
  registerQuotaErrorCallback(async () => void (await caches.delete('pictures')));
  install({ backends: [{ baseUrl: '/api', limits: { maxEntries: 10, maxBytes: Infinity }, remoteConfig: '/switches' }] });
  for (const onConflict of [clientWins, serverWins, mergeJson]) install({ backends: [{ baseUrl: '/api', etags: 'follow', onConflict }] });
  install({ backends: [{ baseUrl: '/api', onConflict: async ({ entry, request, answer }) => (entry.inDoubt ? null : { body: await request.blob().then((body) => body.text()), url: answer.headers['location'] ?? '' }) }] });
  // @ts-expect-error -- a dead letter is null
  install({ backends: [{ baseUrl: '/api', onConflict: () => false }] });
  // @ts-expect-error -- it's followed, or it isn't
  install({ backends: [{ baseUrl: '/api', etags: true }] });
  // @ts-expect-error -- there's no such limit
  install({ backends: [{ baseUrl: '/api', limits: { entries: 10 } }] });
  // @ts-expect-error -- a backend needs its base URL
  install({ backends: [{ namespace: 'x' }] });
  // @ts-expect-error -- there's no such way to capture
  install({ backends: [{ baseUrl: '/api', capture: 'always' }] });

  install({ backends: [{ baseUrl: '/api', auth: { bodyErrors: (body, { status }) => status === 200 && body === null } }] });
  // @ts-expect-error -- there's no such body
  install({ backends: [{ baseUrl: '/api', auth: { bodyErrors: 'rest' } }] });

  const outcome: Outcome = { kind: 'answer', status: 401, headers: {}, bearer: true };
  classify(outcome, { codes: ['E1'], bodyErrors: 'graphql' }) satisfies Verdict;
  const redirected: Classifier = (answer) => (answer.kind === 'answer' && answer.redirected && answer.url?.endsWith('/login') ? 'auth-expired' : classify(answer));
  install({ backends: [{ baseUrl: '/api', classify: redirected }] });
  excludesCredentials(new Request('/token')) satisfies boolean;
  fullJitter(exponentialBackoff({ baseMs: 1, capMs: 2 }))(0, Math.random()) satisfies number;
  checkpointKey({ baseUrl: 'https://x.example', taskId: 't' }) satisfies string;
  void (memoryCheckpoints().load('k') satisfies Promise<string | null>);
  void (connectivityGate({ isOnline: () => true, onChange: () => () => {} }).awaitRetryAllowed(AbortSignal.timeout(1)) satisfies Promise<void>);
}

export async function beside(): Promise<void> {
  (await adoptWorkboxQueue('writes')) satisfies number;
  // @ts-expect-error -- a queue has a name
  await adoptWorkboxQueue();
  [holdfastPlugin()] satisfies StrategyOptions['plugins'];
  // @ts-expect-error -- what's kept, and how, is said to install
  holdfastPlugin({ backends: [] });
}

export async function inReact(): Promise<void> {
  const sync = await connect();
  useOutbox().entries satisfies readonly EntryInfo[];
  useOutbox(sync).status?.parked satisfies number | undefined;
  useEntry('id', sync)?.state satisfies string | undefined;
  useSyncStatus(null)?.needsSignIn satisfies boolean | undefined;
  // @ts-expect-error -- an entry is named
  useEntry();
  // @ts-expect-error -- a client has an outbox
  useOutbox({});
  ({ quiet: true, theme: 'dark', client: sync }) satisfies HoldfastElements['holdfast-status'];
  // @ts-expect-error -- there's no such theme
  ({ theme: 'blue' }) satisfies HoldfastElements['holdfast-inspector'];
}

/** The globals of the classic scripts. */
export function classic(): void {
  Holdfast.isKept satisfies typeof isKept;
  window.holdfast?.outbox.getSnapshot().loaded satisfies boolean | undefined;
  holdfast.install satisfies typeof install;
  // @ts-expect-error -- a backend needs its base URL
  holdfast.install({ backends: [{}] });
}

/** Vite's configuration. */
export const plugins = [
  byDefault(),
  vitePlugin({ api: ['/api', 'https://files.example'] as const, fileName: 'worker.js' }) satisfies Plugin,
  vitePlugin({ worker: 'src/sw.ts' } satisfies HoldfastOptions),
  // @ts-expect-error -- the rest of a backend is for a worker of the app's own
  vitePlugin({ backends: [{ baseUrl: '/api' }] }),
];
