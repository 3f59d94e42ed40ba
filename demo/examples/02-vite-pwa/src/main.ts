import { connect, describeEvent, fetchToken } from 'holdfast';

const find = <Found extends Element>(selector: string) => document.querySelector<Found>(selector)!;
const form = find<HTMLFormElement>('form');
const input = find<HTMLInputElement>('input');

/** A tab keeps its token over a reload, so that it can write at once, the server being down or not. */
async function freshToken(signal?: AbortSignal): Promise<string | null> {
  const token = await fetchToken({ url: '/auth/token', ...(signal && { signal }) }).catch(() => null);
  if (token !== null) sessionStorage.setItem('token', token);
  return token;
}

const sync = await connect({ worker: '/sw.js', getToken: ({ signal }) => freshToken(signal) });

const say = (words: string) => void (find('#said').textContent = words);

async function showWaiting(): Promise<void> {
  find('#waiting').textContent = String((await sync.status()).waiting);
}

sync.addEventListener('event', ({ detail }) => {
  say(describeEvent(detail, 'en'));
  void showWaiting();
});

async function add(text: string): Promise<void> {
  const response = await fetch('/api/notes', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${sessionStorage.getItem('token')}` },
    body: JSON.stringify({ text }),
  });
  if (response.status !== 202) say(response.ok ? 'Delivered' : `The server refused it: ${response.status}`);
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  add(input.value).catch(() => say('Neither sent nor saved'));
  form.reset();
});

await showWaiting();
// What is sent without a token is kept without one, so there must be one first.
if (sessionStorage.getItem('token') ?? (await freshToken())) find<HTMLButtonElement>('button').disabled = false;
else say('The server can’t be reached, and nobody is signed in');
