import { html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from 'lit';
import type { EntryInfo, EntryState } from '../../sw/protocol/api.js';
import type { SyncEvent } from '../../sw/protocol/events.js';
import { act, applies, downloadHar, messageOf, type Action } from './actions.js';
import { backendList } from './backends.js';
import type { InspectorClient } from './client.js';
import { isInConflict } from './conflict.js';
import { HoldfastElement } from './element.js';
import { inspectorStyle } from './inspector-style.js';
import { scheme, theme } from './style.js';

const STATES: readonly EntryState[] = ['pending', 'sending', 'held', 'parked', 'paused', 'orphaned', 'dead'];
const ACTIONS = ['retry', 'cancel', 'discard'] as const satisfies readonly Action[];

/** Under this the list and the story take turns, in pixels. */
const NARROW = 640;

/**
 * `<holdfast-inspector>`: the outbox, one entry's story, the backends with their gates, the journal.
 *
 * It finds the page's client by itself, or takes one by its property `client`. `theme="light"` or
 * `theme="dark"` overrule the page's, `locale` the language (English and Simplified Chinese).
 *
 * Colours and fonts: `--holdfast-text`, `-muted`, `-background`, `-raised`, `-line`, `-accent`, `-on-accent`,
 * `-good`, `-warn`, `-bad`, `-font`, `-mono`, `-radius`. Parts: `toolbar`, `backend`, `list`, `story`.
 * It fills the height that it's given, and 520 pixels without one.
 *
 * @example <holdfast-inspector style="height: 100vh"></holdfast-inspector>
 */
export class HoldfastInspector extends HoldfastElement {
  static override properties: PropertyDeclarations = {
    tab: { state: true },
    state: { state: true },
    text: { state: true },
    chosen: { state: true },
    selected: { state: true },
    asking: { state: true },
    said: { state: true },
    trouble: { state: true },
  };

  declare tab: 'outbox' | 'journal';
  declare state: EntryState | '';
  declare text: string;
  declare chosen: number | null;
  declare selected: ReadonlySet<number>;
  declare asking: boolean;
  declare said: string;
  declare trouble: string | null;

  #narrow: ResizeObserver | null = null;

  constructor() {
    super();
    this.tab = 'outbox';
    this.state = this.text = this.said = '';
    this.chosen = null;
    this.selected = new Set();
    this.asking = false;
    this.trouble = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#narrow = new ResizeObserver(([entry]) => this.toggleAttribute('narrow', (entry?.contentRect.width ?? Infinity) < NARROW));
    this.#narrow.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#narrow?.disconnect();
  }

  protected override willUpdate(changes: PropertyValues): void {
    super.willUpdate(changes);
    if (!changes.has('view')) return;
    const there = new Set(this.view.entries.map(({ seq }) => seq));
    const left = [...this.selected].filter((seq) => there.has(seq));
    if (left.length < this.selected.size) this.selected = new Set(left);
  }

  protected override heard(events: readonly SyncEvent[]): void {
    // One line for all that came together: a live region that speaks of each entry is noise.
    const told = events.filter(({ type }) => WORTH_SAYING.has(type)).at(-1);
    if (told) this.said = this.localizer.event(told);
  }

  #found(): readonly EntryInfo[] {
    const wanted = this.text.trim().toLowerCase();
    return this.view.entries.filter(
      ({ state, url, id, lane, method }) => (!this.state || state === this.state) && `${method} ${url} ${id} ${lane}`.toLowerCase().includes(wanted),
    );
  }

  #tell(error: unknown): void {
    this.trouble = this.localizer.labels.failed(messageOf(error));
  }

  /** Runs what a person has asked for; its failure is shown. */
  async #do(work: (client: InspectorClient) => Promise<string | void>): Promise<void> {
    const { source } = this;
    if (!source) return;
    this.trouble = null;
    try {
      const said = await work(source);
      if (said) this.said = said;
    } catch (error) {
      this.#tell(error);
    }
  }

  #act(action: Action, entries: readonly EntryInfo[]): void {
    this.asking = false;
    void this.#do((client) => act(client, action, entries, this.localizer));
  }

  protected override render(): TemplateResult {
    const { source, view, localizer } = this;
    const { labels } = localizer;
    if (source === null) return html`<div class="none"><h2>${labels.none}</h2><p class="muted">${labels.noneHint}</p></div>`;
    if (source === undefined || (!view.status && !view.error)) return html`<div class="none muted" role="status">${labels.connecting}</div>`;
    const trouble = this.trouble ?? (view.error === null ? null : labels.failed(messageOf(view.error)));
    return html`
      ${this.#toolbar()} ${view.status ? backendList(view.status, localizer, this.now) : nothing}
      ${trouble ? html`<p class="trouble bad" role="alert">${trouble}</p>` : nothing}
      <div class="said ${this.said ? '' : 'unseen'}" role="status" aria-live="polite">${this.said}</div>
      ${this.tab === 'outbox' ? this.#outbox() : html`<holdfast-journal-list id="panel" role="tabpanel" aria-labelledby="tab-journal" .client=${source} .localizer=${localizer} @trouble=${({ detail }: CustomEvent) => this.#tell(detail)}></holdfast-journal-list>`}
    `;
  }

  #toolbar(): TemplateResult {
    const { labels, number } = this.localizer;
    const { status } = this.view;
    const tab = (name: 'outbox' | 'journal', label: string) => html`<button
      role="tab"
      id=${`tab-${name}`}
      aria-selected=${this.tab === name}
      aria-controls="panel"
      tabindex=${this.tab === name ? 0 : -1}
      @click=${() => (this.tab = name)}
    >
      ${label}
    </button>`;
    const isPaused = status?.paused ?? false;
    return html`<div class="toolbar" part="toolbar">
      <div role="tablist" aria-label=${labels.inspector} @keydown=${this.#tabKey}>
        ${tab('outbox', status ? `${labels.outbox} (${number(status.waiting + status.dead)})` : labels.outbox)} ${tab('journal', labels.journal)}
      </div>
      <span class="spring"></span>
      <button @click=${() => this.#do((client) => (isPaused ? client.resume() : client.pause()))}>${isPaused ? labels.resume : labels.pause}</button>
      <button @click=${() => this.#do((client) => client.replay())}>${labels.replay}</button>
      <button @click=${() => this.#do(downloadHar)}>${labels.exportHar}</button>
      ${status ? html`<span class="muted storage">${this.#storage()}</span>` : nothing}
    </div>`;
  }

  #storage(): string {
    const { labels, bytes } = this.localizer;
    const { usage, quota, persisted } = this.view.status!.storage;
    const parts = [usage !== null && quota !== null && labels.storage(bytes(usage), bytes(quota)), persisted !== null && (persisted ? labels.persisted : labels.evictable)];
    return parts.filter(Boolean).join(', ');
  }

  #tabKey = (event: KeyboardEvent) => {
    if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
    this.tab = this.tab === 'outbox' ? 'journal' : 'outbox';
    void this.updateComplete.then(() => this.shadowRoot?.querySelector<HTMLElement>(`#tab-${this.tab}`)?.focus());
  };

  #outbox(): TemplateResult {
    const { view, localizer, source } = this;
    const { labels, number } = localizer;
    const found = this.#found();
    const chosen = view.entries.find(({ seq }) => seq === this.chosen);
    const value = (event: Event) => (event.target as HTMLInputElement).value;
    return html`<div class="outbox ${chosen ? 'told' : ''}" id="panel" role="tabpanel" aria-labelledby="tab-outbox">
      <div class="all" part="list">
        <div class="filter">
          <input
            type="checkbox"
            aria-label=${labels.selectAll}
            .checked=${found.length > 0 && found.every(({ seq }) => this.selected.has(seq))}
            ?disabled=${found.length === 0}
            @change=${(event: Event) => (this.selected = new Set((event.target as HTMLInputElement).checked ? found.map(({ seq }) => seq) : []))}
          />
          <select aria-label=${labels.filterState} @change=${(event: Event) => (this.state = value(event) as EntryState)}>
            <option value="">${labels.all}</option>
            ${STATES.map((state) => html`<option value=${state} ?selected=${state === this.state}>${labels.states[state]}</option>`)}
          </select>
          <input type="search" aria-label=${labels.filterText} placeholder=${labels.filterTextHint} .value=${this.text} @input=${(event: Event) => (this.text = value(event))} />
          ${found.length === view.entries.length ? nothing : html`<span class="muted">${labels.shown(number(found.length), number(view.entries.length))}</span>`}
        </div>
        ${this.selected.size > 0 ? this.#bulk() : nothing}
        ${found.length === 0
          ? html`<p class="none muted">${view.entries.length === 0 ? labels.empty : labels.noMatch}</p>`
          : html`<holdfast-entry-list
              .entries=${found}
              .localizer=${localizer}
              .chosen=${this.chosen}
              .selected=${this.selected}
              .now=${this.now}
              @choose=${({ detail }: CustomEvent<number>) => (this.chosen = detail)}
              @select=${({ detail }: CustomEvent<ReadonlySet<number>>) => (this.selected = detail)}
            ></holdfast-entry-list>`}
      </div>
      ${chosen
        ? html`<holdfast-entry-details
            part="story"
            role="region"
            aria-label=${`${chosen.method} ${chosen.id}`}
            tabindex="-1"
            ?narrow=${this.hasAttribute('narrow')}
            .client=${source!}
            .entry=${chosen}
            .localizer=${localizer}
            .now=${this.now}
            @act=${({ detail }: CustomEvent<Action>) => this.#act(detail, [chosen])}
            @edited=${() => (this.said = isInConflict(chosen) ? labels.conflict.edited : chosen.inDoubt ? labels.editedInDoubt : labels.edited)}
            @trouble=${({ detail }: CustomEvent) => this.#tell(detail)}
            @back=${this.#back}
          ></holdfast-entry-details>`
        : html`<p class="none muted choose">${labels.choose}</p>`}
    </div>`;
  }

  #back = async () => {
    this.chosen = null;
    await this.updateComplete;
    this.shadowRoot?.querySelector('holdfast-entry-list')?.shadowRoot?.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
  };

  #bulk(): TemplateResult {
    const { labels, number } = this.localizer;
    const picked = this.view.entries.filter(({ seq }) => this.selected.has(seq));
    const count = (action: Action) => picked.filter((entry) => applies(action, entry)).length;
    if (this.asking)
      return html`<div class="bulk" role="group" aria-label=${labels.discard}>
        <span>${labels.discardSure(number(count('discard')))}</span>
        <button class="danger" @click=${() => this.#act('discard', picked)}>${labels.discard}</button>
        <button @click=${() => (this.asking = false)}>${labels.keep}</button>
      </div>`;
    return html`<div class="bulk" role="group" aria-label=${labels.selected(number(picked.length))}>
      <span>${labels.selected(number(picked.length))}</span>
      ${ACTIONS.filter((action) => count(action) > 0).map(
        (action) => html`<button class=${action === 'retry' ? '' : 'danger'} @click=${() => (action === 'discard' ? (this.asking = true) : this.#act(action, picked))}>
          ${labels[action]} (${number(count(action))})
        </button>`,
      )}
    </div>`;
  }

  static override styles = [theme, scheme, inspectorStyle];
}

/** What is said aloud; the rest of the events is seen. */
const WORTH_SAYING: ReadonlySet<string> = new Set(['held', 'auth-required', 'released', 'paused', 'resumed', 'offline', 'online', 'failed', 'outbox-full', 'storage-failed']);
