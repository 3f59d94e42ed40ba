import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { whyRefused } from '../../client/tools/why-refused.js';

type Fault = { message: string; filename: string; lineno: number; preventDefault(): void };

/** Plain workers that were started, and whether each was ended. */
let started: { url: string; options: unknown; ended: boolean }[] = [];

/** A plain worker whose script fails so; null for a script that runs to its end. */
function plainWorker(fault: Partial<Fault> | null): void {
  vi.stubGlobal(
    'Worker',
    class {
      own: (typeof started)[number];
      constructor(url: string, options: unknown) {
        started.push((this.own = { url, options, ended: false }));
      }
      addEventListener(_type: 'error', hear: (event: Fault) => void) {
        if (fault) queueMicrotask(() => hear({ message: '', filename: '/sw.js', lineno: 3, preventDefault: () => {}, ...fault }));
      }
      terminate() {
        this.own.ended = true;
      }
    },
  );
}

const refused = new TypeError('ServiceWorker script evaluation failed');
const said = (type?: WorkerType) => whyRefused('/sw.js', type, refused);

beforeEach(() => {
  started = [];
  vi.useFakeTimers();
  vi.stubGlobal('fetch', async () => new Response('', { headers: { 'Content-Type': 'text/javascript' } }));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('W11 why a worker’s script was refused', () => {
  test('W11 the error by which the script fails is in the page’s error, with its place', async () => {
    plainWorker({ message: 'Uncaught ConfigError: holdfast: option "backends"' });
    expect(await said('module')).toBe(
      'ServiceWorker script evaluation failed; run as a plain worker, it fails with: Uncaught ConfigError: holdfast: option "backends" (/sw.js:3)',
    );
    expect(started).toEqual([{ url: '/sw.js', options: { type: 'module' }, ended: true }]);
  });

  test.each([
    ['runs to its end in a plain worker', null],
    ['fails there for want of what only a service worker has', { message: "TypeError: Cannot read properties of undefined (reading 'scope')" }],
    ['can’t be loaded there', { message: '' }],
  ])('W11 of a script that %s, the browser’s own words are said', async (_what, fault) => {
    plainWorker(fault);
    const asked = said();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(await asked).toBe('ServiceWorker script evaluation failed; if it can be loaded, its own console says more');
    expect(started).toMatchObject([{ ended: true }]);
  });

  test('W11 a page that may start no plain worker says the browser’s own words', async () => {
    vi.stubGlobal('Worker', undefined);
    expect(await said()).toMatch(/its own console says more$/);
  });

  test('W11 a script that isn’t there is not run', async () => {
    plainWorker(null);
    vi.stubGlobal('fetch', async () => new Response('', { status: 404 }));
    expect(await said()).toMatch(/answered with 404/);
    expect(started).toEqual([]);
  });
});
