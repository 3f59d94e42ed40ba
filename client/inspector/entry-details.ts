import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { EntryBody, EntryInfo } from '../../sw/protocol/api.js';
import type { SyncEvent } from '../../sw/protocol/events.js';
import { maskHeaders, maskUrl } from '../../sw/policy/secrets.js';
import { showBody, type ShownBody } from '../bodies/shown-body.js';
import { eventsByEntry, sendsOf } from '../tools/sends.js';
import type { InspectorClient } from './client.js';
import { mayRenew, nameOf, type Action } from './actions.js';
import { conditionFor, isInConflict, versionsOf, versionsView, type Versions } from './conflict.js';
import { hexDump } from './hex.js';
import { reasonOf, stateMark } from './state-icons.js';
import { storyStyle } from './details-style.js';
import { theme } from './style.js';
import type { Localizer } from './localizer.js';

/** So much of bytes is shown as hex. */
const HEX_BYTES = 4096;

/** One entry: what it is, what was tried, what came of it, and what can be done. Dispatches `act` with an action's name, and `back`. */
export class EntryDetails extends LitElement {
  static override properties = {
    client: {},
    entry: {},
    localizer: {},
    now: {},
    body: { state: true },
    shown: { state: true },
    versions: { state: true },
    told: { state: true },
    editing: { state: true },
    opened: { state: true },
    asking: { state: true },
  };

  declare client: InspectorClient;
  declare entry: EntryInfo;
  declare localizer: Localizer;
  declare now: number;
  declare body: EntryBody | null;
  declare shown: ShownBody | null;
  /** Ours and the server's, of an entry in conflict. */
  declare versions: Versions | null;
  declare told: readonly SyncEvent[];
  declare editing: boolean;
  /** What the editor works on: as it was when it opened. */
  declare opened: Pick<EntryDetails, 'entry' | 'body'> | null;
  /** What is asked about before it's done. */
  declare asking: 'discard' | 'renew' | 'keep' | null;

  constructor() {
    super();
    this.body = this.shown = this.opened = this.versions = null;
    this.told = [];
    this.editing = false;
    this.asking = null;
  }

  protected override willUpdate(changes: PropertyValues<this>): void {
    if (changes.has('entry')) {
      const before = changes.get('entry') as EntryInfo | undefined;
      if (before?.seq !== this.entry.seq) {
        this.body = this.shown = this.versions = null;
        this.told = [];
        this.editing = false;
        this.asking = null;
      }
      if (before !== this.entry) void this.#load(this.entry);
    }
    if (!this.editing) this.opened = null;
    else if (this.#loaded === this.entry) this.opened ??= { entry: this.entry, body: this.body };
  }

  /** Whose body this is; null while it's read, or couldn't be. */
  #loaded: EntryInfo | null = null;
  /** Of two reads that overlap, the later one counts. */
  #reads = 0;
  #isReading = false;

  async #load(entry: EntryInfo): Promise<void> {
    const own = ++this.#reads;
    this.#loaded = null;
    this.#isReading = true;
    try {
      const [body, journal] = await Promise.all([this.client.body(entry.seq), this.client.journal()]);
      const shown = body && (await showBody(body));
      // It has changed while it was read, and is being read again.
      if (own !== this.#reads) return;
      this.told = eventsByEntry(journal).get(entry.seq) ?? [];
      this.body = body;
      this.shown = shown;
      this.#loaded = entry;
      this.requestUpdate();
      if (isInConflict(entry)) void this.#compare(entry, body);
    } catch (error) {
      this.#dispatch('trouble', error);
    } finally {
      if (own === this.#reads) this.#isReading = false;
    }
  }

  /** A client waits for the settlement of an entry that's retried meanwhile. */
  async #compare(entry: EntryInfo, body: EntryBody | null): Promise<void> {
    const settlement = await this.client.settled(entry.seq).catch(() => null);
    const versions = await versionsOf(body, settlement).catch(() => null);
    if (this.#loaded === entry) this.versions = versions;
  }

  /** Sends the entry for the version that the server has. */
  async #keepMine(): Promise<void> {
    const { seq } = this.entry;
    try {
      await this.client.edit(seq, { headers: conditionFor(this.entry) }, { newKey: true });
      this.#dispatch('act', 'retry' satisfies Action);
    } catch (error) {
      this.#dispatch('trouble', error);
    }
  }

  #edit(): void {
    this.editing = !this.editing;
    if (this.editing && !this.#loaded && !this.#isReading) void this.#load(this.entry);
  }

  /** The entry as it's saved: the note of it comes later, and an editor that's opened before begins with this. */
  async #saved(): Promise<void> {
    this.editing = false;
    this.#dispatch('edited');
    this.#loaded = null;
    this.#isReading = true;
    const { seq } = this.entry;
    const saved = await this.client.entry(seq).catch(() => null);
    if (saved && this.entry.seq === seq) this.entry = saved;
    else void this.#load(this.entry);
  }

  #dispatch(type: string, detail?: unknown): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  protected override render(): TemplateResult {
    const { entry, localizer } = this;
    const { labels } = localizer;
    return html`
      <header>
        <button class="back" @click=${() => this.#dispatch('back')}>← ${labels.back}</button>
        <h2><b>${entry.method}</b> <span class="mono">${maskUrl(entry.url)}</span></h2>
        <p>${stateMark(entry, localizer)} <span class="muted">${reasonOf(entry, localizer)}, ${labels.since(localizer.time(entry.since))}</span> ${this.#next()}</p>
        ${entry.inDoubt ? html`<p class="doubt">${labels.doubt}</p>` : mayRenew(entry) ? html`<p class="doubt">${labels.kept}</p>` : nothing} ${this.#actions()}
      </header>
      ${this.opened
        ? html`<holdfast-entry-editor
            .client=${this.client}
            .entry=${this.opened.entry}
            .body=${this.opened.body}
            .localizer=${localizer}
            @cancel=${() => (this.editing = false)}
            @saved=${() => this.#saved()}
          ></holdfast-entry-editor>`
        : html`${this.versions && isInConflict(entry) ? versionsView(this.versions, labels, shownBody) : nothing} ${this.#attempts()} ${this.#answer()} ${this.#body()} ${headersTable(labels.requestHeaders, entry.headers)} ${this.#facts()}`}
    `;
  }

  #next() {
    const { entry, localizer, now } = this;
    if (entry.state !== 'pending') return nothing;
    return html`<span class="muted next">· ${localizer.labels.nextTry(localizer.until(entry.notBefore, now))}</span>`;
  }

  #actions(): TemplateResult {
    const { entry, localizer } = this;
    const { labels } = localizer;
    if (entry.state !== 'dead')
      return html`<div class="actions"><button class="danger" @click=${() => this.#dispatch('act', 'cancel')}>${labels.cancel}</button></div>`;
    const { asking } = this;
    const inConflict = isInConflict(entry);
    if (asking) {
      const name = asking === 'keep' ? labels.conflict.keepMine : inConflict ? labels.conflict.takeTheirs : nameOf(asking, entry, localizer);
      return html`<div class="actions" role="group" aria-label=${name}>
        <span>${asking === 'discard' ? labels.discardSure('1') : labels.renewSure}</span>
        <button class="danger" @click=${() => this.#confirmed(asking)}>${name}</button>
        <button @click=${() => (this.asking = null)}>${labels.keep}</button>
      </div>`;
    }
    const edit = html`<button aria-expanded=${this.editing} @click=${() => this.#edit()}>${labels.edit}</button>`;
    if (inConflict)
      return html`<div class="actions">
        <button class="primary" @click=${() => (entry.inDoubt ? (this.asking = 'keep') : this.#keepMine())}>${labels.conflict.keepMine}</button>
        <button class="danger" @click=${() => (this.asking = 'discard')}>${labels.conflict.takeTheirs}</button>
        ${edit}
      </div>`;
    const discard = html`<button class="danger" @click=${() => (this.asking = 'discard')}>${labels.discard}</button>`;
    if (entry.reason === 'unreadable') return html`<div class="actions">${discard}</div>`;
    const renew = () => (entry.inDoubt ? (this.asking = 'renew') : this.#dispatch('act', 'renew' satisfies Action));
    return html`<div class="actions">
      <button class="primary" @click=${() => this.#dispatch('act', 'retry')}>${nameOf('retry', entry, localizer)}</button>
      ${mayRenew(entry) ? html`<button @click=${renew}>${labels.sendNew}</button>` : nothing}
      ${edit} ${discard}
    </div>`;
  }

  #confirmed(asked: 'discard' | 'renew' | 'keep'): void {
    this.asking = null;
    if (asked === 'keep') void this.#keepMine();
    else this.#dispatch('act', asked satisfies Action);
  }

  #attempts(): TemplateResult {
    const { entry, localizer } = this;
    const { labels } = localizer;
    const sends = sendsOf(this.told, entry);
    const earlier = entry.sends - sends.length;
    return html`<section aria-labelledby="attempts">
      <h3 id="attempts">${labels.attempts}</h3>
      <ol class="line">
        <li class="muted"><span aria-hidden="true">○</span> ${localizer.time(entry.capturedAt)} · ${labels.facts.captured}</li>
        ${earlier > 0 && sends.length > 0 ? html`<li class="muted"><span aria-hidden="true">⋮</span> ${labels.moreAttempts(localizer.number(earlier))}</li>` : nothing}
        ${sends.map(
          ({ at, end, status, reason }, index) => html`<li>
            <span aria-hidden="true" class="bad">●</span> ${localizer.time(at)} · ${labels.attempt(localizer.number(Math.max(0, earlier) + index + 1))}:
            <b>${status ?? labels.noAnswer}</b>${reason === null ? nothing : html`, ${localizer.reason(reason)}`}
            ${end > at ? html`<span class="muted">${labels.took(localizer.duration(end - at))}</span>` : nothing}
          </li>`,
        )}
        ${sends.length === 0 ? html`<li class="muted"><span aria-hidden="true">·</span> ${labels.noAttempts}</li>` : nothing}
      </ol>
    </section>`;
  }

  #answer() {
    const { lastAnswer } = this.entry;
    if (!lastAnswer) return nothing;
    const { labels } = this.localizer;
    return headersTable(`${labels.lastAnswer}: ${lastAnswer.status}`, lastAnswer.headers);
  }

  #body(): TemplateResult {
    const { body, shown, localizer } = this;
    const { labels } = localizer;
    const part = body?.truncated ? html`<p class="muted">${labels.partOf(localizer.bytes(body.bytes.byteLength), localizer.bytes(body.size))}</p>` : nothing;
    return html`<section aria-labelledby="body">
      <h3 id="body">${labels.body} <span class="muted">${this.entry.bodySize > 0 ? localizer.bytes(this.entry.bodySize) : ''} ${body?.contentType ?? ''}</span></h3>
      ${part} ${shown ? shownBody(shown, labels.body) : html`<p class="muted">${this.entry.bodySize > 0 ? '…' : labels.noBody}</p>`}
    </section>`;
  }

  #facts(): TemplateResult {
    const { entry, localizer } = this;
    const { facts, nobody } = localizer.labels;
    const rows = [
      [facts.backend, entry.namespace ? `${entry.baseUrl} (${entry.namespace})` : entry.baseUrl],
      [facts.lane, entry.lane],
      [facts.owner, entry.owner ?? nobody],
      [facts.id, entry.id],
      [facts.key, entry.key],
      [facts.idempotencyKey, entry.idempotencyKey ?? '–'],
      [facts.captured, localizer.time(entry.capturedAt)],
    ];
    return html`<dl>${rows.map(([name, value]) => html`<dt>${name}</dt><dd class="mono">${value}</dd>`)}</dl>`;
  }

  static override styles = [theme, storyStyle];
}

function headersTable(title: string, headers: Record<string, string>) {
  const rows = Object.entries(maskHeaders(headers));
  if (rows.length === 0) return html`<section><h3>${title}</h3></section>`;
  return html`<section>
    <h3>${title}</h3>
    ${nameTable(title, rows)}
  </section>`;
}

const nameTable = (title: string, rows: readonly (readonly [string, string])[]): TemplateResult =>
  html`<table class="mono" aria-label=${title}>
    <tbody>${rows.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody>
  </table>`;

function shownBody(shown: ShownBody, title: string): TemplateResult {
  if (shown.kind === 'form') return nameTable(title, shown.fields.map(({ name, value }) => [name, value] as const));
  const [text, kind] = shown.kind === 'bytes' ? [hexDump(shown.bytes.subarray(0, HEX_BYTES)), 'hex'] : [shown.text, 'text'];
  return html`<pre class="mono ${kind}" tabindex="0" role="region" aria-label=${title}>${text}</pre>`;
}
