import { css, html, LitElement, type PropertyValues, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { SyncEvent, SyncEventType } from '../../sw/protocol/events.js';
import { maskUrl } from '../../sw/policy/secrets.js';
import { shortUrl } from './entry-list.js';
import type { InspectorClient } from './client.js';
import { theme } from './style.js';
import type { Localizer } from './localizer.js';

/** The last events, the newest first, with a filter by type and by text. */
export class JournalList extends LitElement {
  static override properties = { client: {}, localizer: {}, events: { state: true }, type: { state: true }, text: { state: true } };

  declare client: InspectorClient;
  declare localizer: Localizer;
  declare events: readonly SyncEvent[];
  declare type: SyncEventType | '';
  declare text: string;

  #end: AbortController | null = null;

  constructor() {
    super();
    this.events = [];
    this.type = this.text = '';
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#end?.abort();
    this.#end = null;
  }

  protected override willUpdate(changes: PropertyValues<this>): void {
    if (changes.has('client') || !this.#end) this.#follow();
  }

  #follow(): void {
    this.#end?.abort();
    const { signal } = (this.#end = new AbortController());
    const { client } = this;
    this.events = [];
    client.addEventListener('event', ({ detail }) => (this.events = [...this.events, detail].slice(-KEPT)), { signal });
    client.journal().then(
      (events) => {
        // What came while it was read may be in both.
        const known = new Set(events.map((event) => JSON.stringify(event)));
        const since = this.events.filter((event) => !known.has(JSON.stringify(event)));
        if (!signal.aborted) this.events = [...events, ...since].slice(-KEPT);
      },
      (error: unknown) => this.dispatchEvent(new CustomEvent('trouble', { detail: error })),
    );
  }

  protected override render(): TemplateResult {
    const { localizer, type, text } = this;
    const { labels } = localizer;
    const types = [...new Set(this.events.map((event) => event.type))].sort();
    const wanted = text.trim().toLowerCase();
    const found = this.events
      .map((event) => ({ event, words: localizer.event(event), about: aboutOf(event) }))
      .filter(({ event, words, about }) => (!type || event.type === type) && `${words} ${event.type} ${about}`.toLowerCase().includes(wanted))
      .reverse();
    return html`
      <div class="filter">
        <select aria-label=${labels.event} @change=${(event: Event) => (this.type = (event.target as HTMLSelectElement).value as SyncEventType)}>
          <option value="">${labels.allEvents}</option>
          ${types.map((one) => html`<option value=${one} ?selected=${one === type}>${one}</option>`)}
        </select>
        <input type="search" aria-label=${labels.filterText} placeholder=${labels.filterTextHint} .value=${text} @input=${(event: Event) => (this.text = (event.target as HTMLInputElement).value)} />
      </div>
      ${found.length === 0
        ? html`<p class="muted">${labels.noEvents}</p>`
        : html`<ol tabindex="0" role="list" aria-label=${labels.journal}>
            ${repeat(
              found,
              ({ event }) => event,
              ({ event, words, about }) => html`<li>
                <time class="muted" datetime=${new Date(event.at).toISOString()}>${localizer.time(event.at)}</time>
                <span class="words">${words}</span>
                <span class="mono muted about">${about}</span>
              </li>`,
            )}
          </ol>`}
    `;
  }

  static override styles = [
    theme,
    css`
      :host {
        display: flex;
        flex-direction: column;
        min-height: 0;
      }
      .filter {
        display: flex;
        flex-wrap: wrap;
        gap: 6px;
        padding: 8px 10px;
      }
      .filter input {
        flex: 1 1 120px;
        min-width: 0;
      }
      p {
        padding: 0 14px;
      }
      ol {
        list-style: none;
        margin: 0;
        padding: 0;
        overflow: auto;
        flex: 1;
        border-top: 1px solid var(--_line);
      }
      li {
        display: grid;
        grid-template-columns: 84px minmax(0, 1fr) minmax(0, 1fr);
        gap: 10px;
        padding: 4px 12px;
        border-bottom: 1px solid var(--_line);
        content-visibility: auto;
        contain-intrinsic-size: auto 28px;
      }
      .about {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      @media (max-width: 480px) {
        li {
          grid-template-columns: 76px minmax(0, 1fr);
          gap: 0 8px;
        }
        .about {
          grid-column: 2;
        }
      }
    `,
  ];
}

/** As many as the worker keeps. */
const KEPT = 500;

function aboutOf(event: SyncEvent): string {
  if ('seq' in event) return `${event.method} ${shortUrl(maskUrl(event.url), event.baseUrl)}`;
  if ('url' in event) return `${event.method} ${maskUrl(event.url)}`;
  return 'baseUrl' in event ? event.baseUrl : '';
}
