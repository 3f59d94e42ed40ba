import { ConfigError } from '../sw/policy/errors.js';
import { placeOf } from '../sw/protocol/scope.js';
import { VERSION } from '../sw/protocol/version.js';
import { aFunction, bool, checkOptions, isUrl, oneOf, text, type Rules } from '../sw/policy/rules.js';
import type { AnyUrl } from './any-url.js';
import { callsOver } from './calls.js';
import { RegistrationError } from './errors.js';
import { showInConsole, traced } from './devtools.js';
import { askToPersist } from './persist.js';
import { activated } from './registration.js';
import { sendWakeUps, type Signals } from './wake-ups.js';
import { SyncClient } from './sync-client.js';
import type { GetCsrfToken, GetToken, RenewSession } from './ask-token.js';
import { feedTokens } from './token-source.js';
import { loadTools } from './tools/load.js';
import { workerEndpoint } from './worker-endpoint.js';

/** Which worker the page connects to, and what it does for it. A wrong or unknown option throws a `ConfigError`. */
export interface ConnectOptions {
  /** The worker's script; on a page with `require-trusted-types-for` a `TrustedScriptURL`. Left out: the registration that this page has already. */
  worker?: string | AnyUrl;
  /** As in `navigator.serviceWorker.register`. @default the worker's own folder */
  scope?: string;
  /** `'module'` for a worker with imports. @default 'classic' */
  type?: WorkerType;
  /**
   * Asked for a fresh token when the server has refused the last one, none is known, or the live one is
   * over within a minute: one at a time across all tabs.
   * @example getToken: ({ signal }) => fetchToken({ url: '/auth/refresh', signal })
   */
  getToken?: GetToken;
  /**
   * For sessions by cookie: asked when the server doesn't know the session any more, one at a time across all tabs. `true`:
   * it's live again, and what waits goes out.
   * @example renewSession: async ({ signal }) => (await fetch('/auth/refresh', { method: 'POST', signal })).ok
   */
  renewSession?: RenewSession;
  /**
   * Asked for the session's CSRF token when the worker knows none, or the server refused it, one at a time across all tabs.
   * A token in `<meta name="csrf-token">`, or in the cookie `XSRF-TOKEN` or `csrftoken`, is found without it.
   * @example getCsrfToken: async ({ signal }) => (await (await fetch('/csrf', { signal })).json()).token
   */
  getCsrfToken?: GetCsrfToken;
  /** Whose session by cookie this page was loaded in, as for `signIn`: said before anything that waits is sent. */
  user?: string;
  /**
   * Have the browser keep the storage (`navigator.storage.persist`) when the first entry is stored. Left out: where it decides
   * by itself. `true`: also where it puts the question to its user (Firefox), once for good. `false`: never.
   */
  persist?: boolean;
  /**
   * Draw attempts, holds and drains into recordings of the Performance panel, in a track "Holdfast"
   * (`performance.measure`). @default false
   */
  trace?: boolean;
  /** Milliseconds until a call to the worker fails with a `TimeoutError`. @default 10000 */
  deadlineMs?: number;
}

const RULES: Rules = {
  worker: [isUrl, "it must be the URL of the worker's script"],
  scope: text,
  type: oneOf('classic', 'module'),
  getToken: aFunction('a request for a token'),
  renewSession: aFunction('a request'),
  getCsrfToken: aFunction('a request'),
  user: text,
  persist: bool,
  trace: bool,
  deadlineMs: [(ms: unknown) => typeof ms === 'number' && ms > 0, 'it must be a number of milliseconds over 0'],
};

/**
 * Registers the worker if need be, and gives the client to it once it's active.
 *
 * @throws ConfigError for a wrong option, naming it, its value and the rule
 * @throws RegistrationError when the browser can't take the worker's script; `cause` is its own error
 * @throws Error when the worker doesn't answer: it hasn't called `install`
 * @example const sync = await connect({ worker: '/sw.js', getToken: () => auth.accessToken() });
 */
export async function connect(options: ConnectOptions = {}): Promise<SyncClient> {
  checkOptions(options, RULES);
  const registration = await registered(options);
  // A frame of `srcdoc` has its parent's worker, and another address.
  if (location.protocol !== 'about:' && !location.href.startsWith(registration.scope))
    throw new ConfigError(
      'worker',
      String(options.worker ?? registration.active?.scriptURL),
      `its scope is ${registration.scope}, and this page is outside of it; serve the worker's script from the root`,
    );
  await activated(registration);
  const { client, wake } = open(registration, options);
  const { active } = registration;
  try {
    const { version } = await client.status();
    if (version !== VERSION) void nameStale(registration, active, version);
  } catch (error) {
    client.close();
    throw new Error(`${(error as Error).message}; ${registration.waiting ? OLDER : SILENT}`, { cause: error });
  }
  if (!client.controlled) console.warn(UNCONTROLLED);
  // The code behind `await connect()` runs before a timer does: whom that code signs in or out, the worker hears of before it sends anything.
  setTimeout(wake);
  return client;
}

const SILENT = 'does it call holdfast.install, or name ?api=? Has another script taken the scope?';
const OLDER = "the new one waits until that one's pages are closed, or for its takeOver: true";

/**
 * A worker of another version than the page's is told, unless the browser finds its successor: one that's being installed, that
 * waits, or that has taken its place meanwhile.
 */
async function nameStale(registration: ServiceWorkerRegistration, active: ServiceWorker | null, version: string | undefined): Promise<void> {
  await registration.update().catch(() => {});
  if (registration.installing ?? registration.waiting ?? registration.active !== active) return;
  console.warn(`[holdfast] the worker ${active?.scriptURL} has version ${version}, this page ${VERSION}; build it anew, or run: npx holdfast init`);
}

const UNCONTROLLED =
  "[holdfast] the worker doesn't control this page yet, so its requests aren't kept; reload it, or set takeOver: true";

async function registered({ worker, scope, type }: ConnectOptions): Promise<ServiceWorkerRegistration> {
  // Chromium throws a SecurityError at `navigator.serviceWorker`, and Firefox says that the URL is wrong.
  if (origin === 'null') throw new Error('holdfast: no service worker in a data: page, or a sandbox without allow-same-origin');
  if (!('serviceWorker' in navigator))
    throw new Error('holdfast: this browser gives no service worker here; they need https or localhost');
  if (worker !== undefined) {
    return navigator.serviceWorker.register(worker as string | URL, { scope, type } as RegistrationOptions).catch(async (error: unknown) => {
      throw new RegistrationError(String(worker), await why(worker, type, error), error);
    });
  }
  const registration = await navigator.serviceWorker.getRegistration();
  if (!registration)
    throw new ConfigError('worker', worker, "it's needed, as this page has no service worker yet");
  return registration;
}

/** What is wrong with a refused script, in the browser's words alone where what looks for more can't be loaded. */
const why = (worker: string | AnyUrl, type: WorkerType | undefined, error: unknown): Promise<string> =>
  loadTools().then(({ whyRefused }) => whyRefused(worker, type, error)).catch(() => String(error));

function open(registration: ServiceWorkerRegistration, { getToken, renewSession, getCsrfToken, user, persist, trace = false, deadlineMs }: ConnectOptions): { client: SyncClient; wake(): void } {
  const end = new AbortController();
  const { signal } = end;
  const endpoint = workerEndpoint(registration, { signal, deadlineMs });
  const api = callsOver(endpoint);
  const place = placeOf(registration.scope);
  const client = new SyncClient(api, end, place, {
    hear(event) {
      wakeUps?.hear(event);
      tokens.hear(event);
      if (persistence) persistence(event);
      if (draw) draw(event);
    },
    signedOut: () => tokens.endSession(),
    getToken,
  });
  if (user !== undefined) client.signIn(user).catch(console.error);
  let wakeUps: Signals | undefined;
  const persistence = persist !== false && askToPersist(persist === true);
  const tokens = feedTokens(api, { getToken, renewSession, getCsrfToken }, signal, place);
  const draw = trace && traced();
  showInConsole(client, signal);
  return { client, wake: () => void (wakeUps = sendWakeUps(api, signal)) };
}
