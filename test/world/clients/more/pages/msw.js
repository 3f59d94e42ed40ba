import { http, HttpResponse } from 'msw';
import { setupWorker } from 'msw/browser';

/** The worker's script has both: Holdfast's `install` first. */
export async function prepare() {
  await setupWorker(http.get('/api/mocked', () => HttpResponse.json({ mocked: true }))).start({ serviceWorker: { url: '/worker.js' }, onUnhandledRequest: 'bypass', quiet: true });
}

export async function write() {
  const mocked = await (await fetch('/api/mocked')).json();
  if (!mocked.mocked) throw new Error('not mocked');
  return (await fetch('/api/notes', { method: 'POST', body: 'a note' })).json();
}
