import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { EntryInfo } from '../../sw/protocol/api.js';
import { reasonOf, stateMark } from './state-icons.js';
import { theme } from './style.js';
import type { Localizer } from './localizer.js';

const ROW = 44;

/** Rows beyond the edges of what's seen: a fast scroll shows them before it's painted anew. */
const SPARE = 8;

/**
 * The outbox as a grid of which only what's seen is in the document. `choose` is dispatched with an entry's
 * `seq` when a row is opened, `select` with the set of them when the marks for bulk actions change.
 */
export class EntryList extends LitElement {
  static override properties = { entries: {}, localizer: {}, chosen: {}, selected: {}, now: {} };

  declare entries: readonly EntryInfo[];
  declare localizer: Localizer;
  declare chosen: number | null;
  declare selected: ReadonlySet<number>;
  declare now: number;

  /** The row that the keyboard is at, by `seq`; it stays when others come and go. */
  #current: number | null = null;
  /** Where it was, for when it's gone. */
  #at = 0;
  /** Whether a row had the focus before it's painted anew. */
  #focused = false;
  #watch: ResizeObserver | null = null;

  constructor() {
    super();
    this.entries = [];
    this.chosen = null;
    this.selected = new Set();
    this.now = Date.now();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#watch = new ResizeObserver(() => this.requestUpdate());
    this.#watch.observe(this);
    this.addEventListener('scroll', this.#scrolled, { passive: true });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#watch?.disconnect();
    this.removeEventListener('scroll', this.#scrolled);
  }

  #scrolled = () => this.requestUpdate();

  protected override willUpdate(): void {
    this.#focused = Boolean(this.shadowRoot?.activeElement);
    const index = this.entries.findIndex(({ seq }) => seq === this.#current);
    if (index >= 0) this.#at = index;
    else this.#current = this.entries[Math.min(this.#at, this.entries.length - 1)]?.seq ?? null;
  }

  protected override updated(): void {
    // The row that had the focus may be gone: the one in its place has it then.
    if (this.#focused && !this.shadowRoot?.activeElement) this.#focusCurrent();
  }

  #focusCurrent(): void {
    this.shadowRoot?.querySelector<HTMLElement>('[role=row][tabindex="0"]')?.focus({ preventScroll: true });
  }

  async #goTo(index: number): Promise<void> {
    const entry = this.entries[Math.max(0, Math.min(this.entries.length - 1, index))];
    if (!entry) return;
    this.#current = entry.seq;
    this.#at = this.entries.indexOf(entry);
    const top = this.#at * ROW;
    if (top < this.scrollTop) this.scrollTop = top;
    if (top + ROW > this.scrollTop + this.clientHeight) this.scrollTop = top + ROW - this.clientHeight;
    this.requestUpdate();
    await this.updateComplete;
    this.#focusCurrent();
  }

  #key = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor(this.clientHeight / ROW) - 1);
    const target = {
      ArrowDown: this.#at + 1,
      ArrowUp: this.#at - 1,
      PageDown: this.#at + page,
      PageUp: this.#at - page,
      Home: 0,
      End: this.entries.length - 1,
    }[event.key];
    if (target !== undefined) void this.#goTo(target);
    else if (event.key === 'Enter' && this.#current !== null) this.#choose(this.#current);
    else if (event.key === ' ' && this.#current !== null) this.#toggle(this.#current);
    else return;
    event.preventDefault();
  };

  #choose(seq: number): void {
    this.#current = seq;
    this.dispatchEvent(new CustomEvent('choose', { detail: seq }));
    this.requestUpdate();
  }

  #toggle(seq: number): void {
    const selected = new Set(this.selected);
    if (!selected.delete(seq)) selected.add(seq);
    this.dispatchEvent(new CustomEvent('select', { detail: selected }));
  }

  // Places are set by the property: a page's Content-Security-Policy may forbid the attribute.
  protected override render(): TemplateResult {
    const { entries } = this;
    const first = Math.max(0, Math.floor(this.scrollTop / ROW) - SPARE);
    const last = Math.min(entries.length, Math.ceil((this.scrollTop + this.clientHeight) / ROW) + SPARE);
    const seen = entries.slice(first, last).map((entry, offset) => ({ entry, index: first + offset }));
    // What has the focus stays in the document wherever one scrolls to.
    const isOut = this.#at < first || this.#at >= last;
    const current = entries[this.#at];
    if (isOut && current?.seq === this.#current && current) seen.push({ entry: current, index: this.#at });
    return html`<div
      role="grid"
      aria-label=${this.localizer.labels.outbox}
      aria-multiselectable="true"
      aria-rowcount=${entries.length}
      .style=${`height: ${entries.length * ROW}px`}
      @keydown=${this.#key}
    >
      ${repeat(
        seen,
        ({ entry }) => entry.seq,
        ({ entry, index }) => this.#row(entry, index),
      )}
    </div>`;
  }

  #row(entry: EntryInfo, index: number): TemplateResult {
    const { localizer } = this;
    const { seq, method, url, baseUrl, since, sends } = entry;
    const path = shortUrl(url, baseUrl);
    return html`<div
      role="row"
      part="row"
      class=${seq === this.chosen ? 'chosen' : ''}
      aria-rowindex=${index + 1}
      aria-selected=${this.selected.has(seq)}
      tabindex=${seq === this.#current ? 0 : -1}
      .style=${`top: ${index * ROW}px`}
      @click=${() => this.#choose(seq)}
      @focusin=${() => {
        this.#current = seq;
        this.#at = index;
      }}
    >
      <span role="gridcell" class="mark" @click=${(event: Event) => event.stopPropagation()}>
        <input type="checkbox" tabindex="-1" aria-label=${localizer.labels.select(`${method} ${path}`)} .checked=${this.selected.has(seq)} @change=${() => this.#toggle(seq)} />
      </span>
      <span role="gridcell" class="what"><b>${method}</b> <span class="mono" title=${url}>${path}</span></span>
      <span role="gridcell" class="why">
        ${stateMark(entry, localizer)}
        <span class="muted">${reasonOf(entry, localizer)}${sends > 0 ? html` · ${localizer.labels.attempt(localizer.number(sends))}` : nothing}</span>
      </span>
      <span role="gridcell" class="when muted">${localizer.relative(since, this.now)}</span>
    </div>`;
  }

  static override styles = [
    theme,
    css`
      :host {
        display: block;
        position: relative;
        overflow: auto;
        min-height: ${ROW * 3}px;
        contain: strict;
      }
      [role='grid'] {
        position: relative;
        min-width: 0;
      }
      [role='row'] {
        position: absolute;
        inset-inline: 0;
        height: ${ROW}px;
        display: grid;
        grid-template: 'mark what when' 22px 'mark why when' 18px / 28px minmax(0, 1fr) auto;
        align-content: center;
        padding-inline: 8px 10px;
        border-bottom: 1px solid var(--_line);
        cursor: pointer;
      }
      [role='row']:hover {
        background: var(--_raised);
      }
      [role='row'].chosen {
        background: color-mix(in srgb, var(--_accent) 12%, var(--_back));
      }
      [role='row']:focus-visible {
        outline-offset: -2px;
      }
      .mark {
        grid-area: mark;
        align-self: center;
        line-height: 0;
        padding: 6px 0;
      }
      .what,
      .why {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .what {
        grid-area: what;
      }
      .what b {
        font-weight: 600;
        font-size: 12px;
      }
      .why {
        grid-area: why;
        font-size: 12px;
        line-height: 17px;
      }
      .when {
        grid-area: when;
        align-self: center;
        font-size: 12px;
        padding-inline-start: 8px;
      }
      .state {
        font-weight: 600;
      }
    `,
  ];
}

/** A URL as one reads it in a list: the path, as the backend is shown elsewhere. */
export function shortUrl(url: string, baseUrl: string): string {
  if (!URL.canParse(url)) return url || baseUrl;
  const { pathname, search } = new URL(url);
  return decodeMask(pathname + search);
}

/** `URL` encodes the mask that stands in for a secret. */
const decodeMask = (text: string): string => text.replaceAll('%E2%80%A2', '•');
