import { MutationObserver, onlineManager, QueryObserver } from '@tanstack/query-core';
import { connect } from 'holdfast';
import { addNote, client, followOutbox, notes, type Note } from './notes.js';

const find = <Found extends Element>(selector: string) => document.querySelector<Found>(selector)!;
const form = find<HTMLFormElement>('form');
const input = find<HTMLInputElement>('input');

const sync = await connect({ worker: '/holdfast-sw.js' });
followOutbox(sync);

// It begins as online, in a page that was opened offline, too.
onlineManager.setOnline(navigator.onLine);
client.mount();

const showNetwork = () => void (find('#network').textContent = onlineManager.isOnline() ? 'online' : 'offline');
onlineManager.subscribe(showNetwork);
showNetwork();

function row({ text, waiting }: Note): HTMLElement {
  const item = document.createElement('li');
  item.textContent = waiting ? `${text} (waiting)` : text;
  return item;
}

new QueryObserver(client, notes(sync)).subscribe(({ data = [] }) => find('#notes').replaceChildren(...data.map(row)));

const adding = new MutationObserver(client, addNote);
adding.subscribe(({ status, isPaused, data: kept }) => {
  find('#mutation').textContent = isPaused ? 'paused' : kept ? 'kept for later' : status;
});

form.addEventListener('submit', (event) => {
  event.preventDefault();
  // Its failure is in the observer's result.
  adding.mutate({ id: crypto.randomUUID(), text: input.value }).catch(() => {});
  form.reset();
});
find<HTMLButtonElement>('button').disabled = false;
