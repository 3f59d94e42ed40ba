const byId = (id) => document.getElementById(id);
const form = byId('add');

const sync = await Holdfast.connect({ worker: '/sw.js' });

const say = (words) => (byId('said').textContent = words);

async function add(text) {
  try {
    const response = await fetch('/api/notes', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${sessionStorage.getItem('token')}` },
      body: JSON.stringify({ text }),
    });
    // A 202 is told by the event `queued`.
    if (response.status !== 202) say(response.ok ? 'Delivered' : `The server refused it: ${response.status}`);
  } catch {
    say('Neither sent nor saved');
  }
}

async function signIn() {
  // Outside of /api: a login is never kept and sent later.
  const response = await fetch('/login', { method: 'POST' }).catch(() => null);
  if (!response?.ok) return say('The server can’t be reached, so you can’t sign in now');
  const { token } = await response.json();
  sessionStorage.setItem('token', token);
  await sync.provideToken(token);
  enable();
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  void add(form.elements.text.value);
  form.reset();
});
byId('sign-in').addEventListener('click', () => void signIn());
byId('replay').addEventListener('click', () => void sync.replay());

let shows = 0;

async function show() {
  const mine = ++shows;
  const [{ backends }, entries] = await Promise.all([sync.status(), sync.entries()]);
  // A later question may have had its answer already.
  if (mine !== shows) return;
  byId('sign-in-needed').hidden = backends.every(({ holds }) => holds.length === 0);
  byId('waiting').replaceChildren(...entries.map(row));
}

function row({ seq, state, reason, capturedAt }) {
  const item = document.createElement('li');
  const drop = document.createElement('button');
  drop.textContent = 'Drop';
  drop.addEventListener('click', () => void (state === 'dead' ? sync.discard(seq) : sync.cancel(seq)));
  item.append(`Note of ${new Date(capturedAt).toLocaleTimeString()}, ${state}: ${reason} `, drop);
  return item;
}

sync.addEventListener('event', ({ detail }) => {
  say(Holdfast.describeEvent(detail, 'en'));
  void show();
});
sync.addEventListener('changed', () => void show());

/** Nothing is written before somebody has signed in: what is sent without a token is kept without one. */
function enable() {
  form.querySelector('button').disabled = sessionStorage.getItem('token') === null;
}

// Whoever clicks before the client is there would click in vain.
byId('sign-in').disabled = false;
byId('replay').disabled = false;
enable();
await show();
