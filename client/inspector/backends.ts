import { html, nothing, type TemplateResult } from 'lit';
import type { BackendStatus, SyncStatus } from '../../sw/protocol/api.js';
import type { Localizer } from './localizer.js';

/** Each backend with its gates, and what waits there. */
export function backendList({ backends, online, paused }: SyncStatus, localizer: Localizer, now: number): TemplateResult {
  const { labels } = localizer;
  return html`<ul class="backends" aria-label=${labels.backends}>
    ${backends.map(
      (backend) => html`<li part="backend">
        <span class="mono base">${backend.baseUrl}${backend.namespace ? html` <span class="muted">(${backend.namespace})</span>` : nothing}</span>
        <span class="gates">${gates(backend, { online, paused }, localizer)}</span>
        <span class="counts muted">
          ${counts(backend, localizer)}${backend.nextAttemptAt === null ? nothing : html` · ${labels.nextTry(localizer.until(backend.nextAttemptAt, now))}`}
          ${backend.tokenExpiresAt === null ? nothing : html` · ${labels.tokenUntil(localizer.relative(backend.tokenExpiresAt, now))}`}
        </span>
      </li>`,
    )}
  </ul>`;
}

function counts({ waiting, sending, dead }: BackendStatus, { labels, number }: Localizer): TemplateResult {
  const bad = dead > 0 ? html` · <b class="bad">${number(dead)} ${labels.dead}</b>` : nothing;
  return html`${number(waiting)} ${labels.waiting}${sending > 0 ? html` · ${number(sending)} ${labels.sending}` : nothing}${bad}`;
}

/** What is closed, and why; "Open" where nothing is. */
function gates(backend: BackendStatus, { online, paused }: Pick<SyncStatus, 'online' | 'paused'>, localizer: Localizer): TemplateResult {
  const { labels } = localizer;
  const closed: [tone: string, sign: string, words: string][] = [];
  if (paused) closed.push(['muted', '‖', labels.paused]);
  if (!online) closed.push(['warn', '⚡', labels.offline]);
  for (const { reason, owner, since } of backend.holds)
    closed.push(['warn', '‖', `${labels.held(localizer.reason(reason), owner)}, ${labels.since(localizer.time(since))}`]);
  if (backend.circuit === 'open') closed.push(['bad', '⊘', labels.circuitOpen]);
  if (backend.circuit === 'half-open') closed.push(['warn', '◐', labels.circuitProbing]);
  if (!backend.offlineMode) closed.push(['muted', '○', labels.captureOff]);
  if (!backend.autoRetry) closed.push(['muted', '○', labels.holdsOff]);
  if (closed.length === 0) closed.push(['good', '✓', labels.gateOpen]);
  return html`${closed.map(([tone, sign, words]) => html`<span class="gate ${tone}"><span aria-hidden="true">${sign}</span> ${words}</span>`)}`;
}
