import { onBook, refresh } from './changes.js';
import { byId } from './dom.js';
import { startFeed } from './feed.js';
import { startInspector } from './inspector.js';
import { startJournal } from './journal.js';
import { showOutbox, startOutbox } from './outbox.js';
import { startReportForm } from './report-form.js';
import { loadPictures, showReports } from './report-list.js';
import { startServerPanel } from './server-panel.js';
import { hasHistory, isAlive, onSession, renewByItself, session, way, type Way } from './session.js';
import { showSession, showStatus, startStatus } from './status.js';
import { changeWay, freshCsrf, look, onLook, resumeSession, signIn, signOut, worker } from './sync.js';

const TICK_MS = 250;

const show = () => {
  showStatus();
  showOutbox();
  showReports();
};

async function readAll(): Promise<void> {
  if (await refresh()) loadPictures();
}

/** What counts down is written anew; and when a time has come, the worker is asked what it brought. */
function tick(): void {
  showSession();
  if (!worker.status) return;
  show();
  const due = worker.status.nextAttemptAt;
  if (due !== null && due < Date.now() && worker.askedAt < due) void look();
}

function startSessionBox(): void {
  const user = byId<HTMLSelectElement>('session-user');
  const renew = byId<HTMLInputElement>('renew');
  user.value = session()?.user ?? 'mara';
  byId('sign-in').addEventListener('click', () => void signIn(user.value));
  byId('sign-out').addEventListener('click', () => void signOut());
  renew.addEventListener('change', () => {
    renewByItself(renew.checked);
    // Somebody may be waiting already.
    const held = renew.checked && worker.entries.find((entry) => entry.state === 'held');
    if (held) void (held.reason === 'csrf-expired' ? freshCsrf() : signIn(user.value));
  });
  for (const radio of document.querySelectorAll<HTMLInputElement>('input[name="way"]')) {
    radio.checked = radio.value === way();
    radio.addEventListener('change', () => void changeWay(radio.value as Way));
  }
  onSession(() => {
    const mine = session();
    if (mine) user.value = mine.user;
    showSession();
    if (mine) void readAll();
  });
}

/** A visitor finds a working app. Nobody is signed in against their will, nor while a hold is to be seen. */
async function greet(): Promise<void> {
  const mine = session();
  await resumeSession().catch(() => {});
  await look();
  const signedOut = mine === null && hasHistory();
  if (!signedOut && !isAlive() && worker.entries.length === 0) await signIn(mine?.user ?? 'mara');
}

startSessionBox();
startStatus();
startReportForm();
startOutbox();
startJournal();
startInspector();
startFeed();
startServerPanel(() => void readAll());
onLook(show);
onBook(show);
setInterval(tick, TICK_MS);
tick();
showReports();
void greet();
