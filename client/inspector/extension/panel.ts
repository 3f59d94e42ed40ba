import '../index.js';
import { inspectedPage } from './inspected-page.js';
import { remoteClient, type RemoteClient } from './remote-client.js';

const NONE =
  "This page has no Holdfast. Open a page over https or on localhost whose worker calls holdfast.install, or whose worker's URL names ?api=.";
const REFUSED = "DevTools can't look into this page. Open a page of your app in this tab.";

const AGAIN_MS = 500;

const bar = document.querySelector('select')!;
const message = document.querySelector('p')!;
const inspector = document.querySelector('holdfast-inspector') as HTMLElement & { client: unknown };

inspector.setAttribute('theme', chrome.devtools.panels.themeName === 'dark' ? 'dark' : 'light');
inspector.setAttribute('locale', chrome.i18n.getUILanguage());

let remote: RemoteClient | null = null;
let scope: string | null = null;
/** The client is one of the document that's there now. */
let isCurrent = false;
/** Of two looks that overlap, the later one counts. */
let looks = 0;
const page = inspectedPage((from, event) => {
  if (from === scope) remote?.hear(event);
});

function choose(chosen: string | null): void {
  scope = chosen;
  remote = chosen === null ? null : remoteClient(page, chosen);
  inspector.client = remote?.client ?? null;
  inspector.hidden = remote === null;
}

function tell(text: string): void {
  choose(null);
  bar.hidden = true;
  message.textContent = text;
  message.hidden = false;
}

/** Looks at everything anew: the page's workers, and all that the chosen one has. */
async function look(): Promise<void> {
  const own = ++looks;
  try {
    const scopes = await page.scopes();
    if (own !== looks) return;
    if (scopes.length === 0) return tell(NONE);
    message.hidden = true;
    bar.replaceChildren(...scopes.map((name) => new Option(name)));
    bar.hidden = scopes.length === 1;
    const chosen = scopes.find((name) => name === scope) ?? scopes[0]!;
    bar.value = chosen;
    if (isCurrent && chosen === scope) remote?.lookAgain();
    else choose(chosen);
    isCurrent = true;
  } catch (error) {
    if (own !== looks) return;
    // Asked between two documents nothing is evaluated either: the answer is in the next one.
    if (!(error instanceof DOMException && error.name === 'AbortError')) tell(REFUSED);
    setTimeout(() => own === looks && void look(), AGAIN_MS);
  }
}

bar.addEventListener('change', () => choose(bar.value));
document.querySelector('button')!.addEventListener('click', () => void look());
chrome.devtools.network.onNavigated.addListener(() => {
  page.navigated();
  isCurrent = false;
  void look();
});
// By `devtools.ts`.
window.addEventListener('panel-hidden', () => page.listen(false));
window.addEventListener('panel-shown', () => {
  page.listen(true);
  void look();
});
void look();
