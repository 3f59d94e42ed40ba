const find = (selector) => document.querySelector(selector);
const form = find('form');

const sync = await Holdfast.connect({ worker: '/sw.js' });

const say = (words) => (find('[role=status]').textContent = words);

async function show() {
  const response = await fetch('/api/notes').catch(() => null);
  if (!response?.ok) return;
  const rows = (await response.json()).map((text) => Object.assign(document.createElement('li'), { textContent: text }));
  find('ol').replaceChildren(...rows);
}

async function add(text) {
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch('/api/notes', { method: 'POST', headers, body: JSON.stringify({ text }) }).catch(() => null);
  if (!response) return say('Neither sent nor saved');
  // A 202 is told by the event `queued`.
  if (response.status !== 202) say(response.ok ? 'Written' : `The server refused it: ${response.status}`);
  await show();
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  void add(form.elements.text.value);
  form.reset();
});

sync.addEventListener('event', ({ detail }) => {
  say(Holdfast.describeEvent(detail, 'en'));
  if (detail.type === 'delivered') void show();
});

find('button').disabled = false;
await show();
