/** The worker's script around `install`'s options, which are source text so that they may hold functions. */
export const workerScript = (options: string): string =>
  `importScripts('/holdfast-sw.js');\nholdfast.install({ takeOver: true, ${options} });`;

/** Retries that come so fast, or so late, that a test needn't wait. */
export const FAST = 'retry: { answered: { baseMs: 20, capMs: 50 }, unreachable: { baseMs: 20, capMs: 50 } }';
export const NEVER = 'retry: (question) => 3600000';

/** A page with no line of code for Holdfast: its token is `nextToken`, which a test sets. */
export const DROP_IN_PAGE = `<!doctype html><script>function appGetToken() { return window.nextToken ?? null; }</script>
  <script src="/holdfast.js" data-worker="/holdfast-sw.js?api=/api" data-get-token="appGetToken"></script>`;
