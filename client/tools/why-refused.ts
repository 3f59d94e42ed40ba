import type { AnyUrl } from '../any-url.js';

/** A plain worker that has run its script to the end for so long, in milliseconds, doesn't fail as the service worker did. */
const RUN_MS = 3_000;

/** What only a service worker has: a plain worker fails for want of it, and says nothing of the true fault. */
const ABSENT = /\b(registration|scope|clients|skipWaiting|caches)\b|not a function/;

/** What is wrong with a script that was refused: the browsers say it in words of their own, or don't. */
export async function whyRefused(worker: string | AnyUrl, type: WorkerType | undefined, cause: unknown): Promise<string> {
  const { status, ok, headers } = await fetch(String(worker), { cache: 'no-store' }).catch(() => Response.error());
  const mime = headers.get('content-type');
  if (status !== 0 && !ok) return `it is answered with ${status}; is the path right?`;
  if (ok && !/\b(java|ecma)script\b/.test(mime ?? '')) return `it comes as ${mime}, and has to come as text/javascript; is the path right?`;
  const fault = ok ? await faultOf(worker, type).catch(() => null) : null;
  return `${cause instanceof Error ? cause.message : String(cause)}; ${fault ? `run as a plain worker, it fails with: ${fault}` : 'if it can be loaded, its own console says more'}`;
}

/** The error of a script that fails while it's evaluated. A service worker's is told to its own console alone, a plain worker's to the page. */
function faultOf(worker: string | AnyUrl, type: WorkerType | undefined): Promise<string | null> {
  return new Promise((resolve) => {
    const plain = new Worker(worker as string | URL, type && { type });
    const end = (fault: string | null) => {
      clearTimeout(timer);
      plain.terminate();
      resolve(fault);
    };
    const timer = setTimeout(end, RUN_MS, null);
    plain.addEventListener('error', (event) => {
      // The error is said once, in the page's own error.
      event.preventDefault();
      const { message, filename, lineno } = event;
      end(message && !ABSENT.test(message) ? `${message} (${filename}:${lineno})` : null);
    });
  });
}
