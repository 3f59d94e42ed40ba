import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import type { EntryBody, EntryInfo, EntryPatch } from '../../sw/protocol/api.js';
import { MASK } from '../../sw/policy/secrets.js';
import { editableBody, type EditableBody } from '../bodies/editable-body.js';
import { messageOf } from './actions.js';
import type { InspectorClient } from './client.js';
import { conditionFor, isInConflict } from './conflict.js';
import { theme } from './style.js';
import type { Localizer } from './localizer.js';

type Row = [name: string, value: string];

/**
 * A dead letter's headers and body, to be changed. Secrets are masked, and put back where they're left alone.
 * What it's given when it's opened is what is edited; it takes no notice of what comes later.
 */
export class EntryEditor extends LitElement {
  static override properties = {
    client: {},
    entry: {},
    body: {},
    localizer: {},
    rows: { state: true },
    text: { state: true },
    trouble: { state: true },
  };

  declare client: InspectorClient;
  declare entry: EntryInfo;
  declare body: EntryBody | null;
  declare localizer: Localizer;
  declare rows: Row[];
  declare text: string;
  declare trouble: string | null;
  /** The headers as they were when the editor was opened: what another tab changes meanwhile isn't undone. */
  #before: Record<string, string> = {};
  /** Null where the body can't be edited as text. */
  #editable: EditableBody | null = null;

  constructor() {
    super();
    this.rows = [];
    this.text = '';
    this.trouble = null;
  }

  protected override willUpdate(): void {
    if (this.hasUpdated) return;
    this.#before = this.entry.headers;
    // A changed request in conflict is for the version that the server has.
    const fresh = isInConflict(this.entry) ? conditionFor(this.entry) : {};
    this.rows = Object.entries({ ...this.#before, ...fresh }).flatMap(([name, value]) => (value === null ? [] : [[name, value]]));
    this.#editable = editableBody(this.body);
    this.text = this.#editable?.text ?? '';
  }

  /** @throws Error with words for the person */
  #bodyPatch(): Pick<EntryPatch, 'body'> {
    const { text } = this;
    const { labels } = this.localizer;
    if (!this.#editable || text === this.#editable.text) return {};
    if (text === '') return { body: null };
    const type = this.rows.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
    try {
      if (/[/+]json\b/i.test(type)) JSON.parse(text);
      return { body: this.#editable.bodyOf(text) };
    } catch (error) {
      throw new Error(error instanceof SyntaxError ? labels.badJson(error.message) : labels.badMask, { cause: error });
    }
  }

  #headerPatch(): Pick<EntryPatch, 'headers'> {
    const before = this.#before;
    const after = new Map(this.rows.map(([name, value]) => [name.trim().toLowerCase(), value] as const));
    after.delete('');
    const removed = Object.keys(before).filter((name) => !after.has(name)).map((name) => [name, null] as const);
    const changed = [...after].filter(([name, value]) => before[name] !== value);
    if (changed.some(([, value]) => value.includes(MASK))) throw new Error(this.localizer.labels.badMask);
    const headers = Object.fromEntries([...removed, ...changed]);
    return Object.keys(headers).length > 0 ? { headers } : {};
  }

  #save = async (event: Event) => {
    event.preventDefault();
    this.trouble = null;
    let field = 'input';
    try {
      const headers = this.#headerPatch();
      field = 'textarea';
      const patch = { ...headers, ...this.#bodyPatch() };
      if (patch.body === undefined) field = 'input';
      const isThere = Object.keys(patch).length === 0 || (await this.client.edit(this.entry.seq, patch, { newKey: isInConflict(this.entry) && !this.entry.inDoubt }));
      if (!isThere) throw new Error(this.localizer.labels.gone);
      this.dispatchEvent(new Event('saved'));
    } catch (error) {
      this.trouble = messageOf(error);
      await this.updateComplete;
      this.shadowRoot?.querySelector<HTMLElement>(field)?.focus();
    }
  };

  #setRow(at: number, part: 0 | 1, value: string): void {
    this.rows = this.rows.map((row, index) => (index === at ? (part === 0 ? [value, row[1]] : [row[0], value]) : row));
  }

  protected override render(): TemplateResult {
    const { labels } = this.localizer;
    const value = (event: Event) => (event.target as HTMLInputElement).value;
    return html`<form @submit=${this.#save}>
      <fieldset>
        <legend>${labels.requestHeaders}</legend>
        ${this.rows.map(
          ([name, content], at) => html`<div class="header">
            <input aria-label=${labels.headerName} class="mono" .value=${name} @input=${(event: Event) => this.#setRow(at, 0, value(event))} spellcheck="false" />
            <input aria-label=${`${labels.headerValue}: ${name}`} class="mono" .value=${content} @input=${(event: Event) => this.#setRow(at, 1, value(event))} spellcheck="false" />
            <button type="button" aria-label=${labels.removeHeader(name)} @click=${() => (this.rows = this.rows.filter((_, index) => index !== at))}>✕</button>
          </div>`,
        )}
        <button type="button" @click=${() => (this.rows = [...this.rows, ['', '']])}>${labels.addHeader}</button>
      </fieldset>
      <label for="body">${labels.body}</label>
      ${this.#editable === null
        ? html`<p class="muted">${labels.bodyFixed}</p>`
        : html`<textarea
            id="body"
            class="mono"
            rows="10"
            spellcheck="false"
            .value=${this.text}
            aria-invalid=${this.trouble !== null}
            aria-describedby="trouble hint"
            @input=${(event: Event) => (this.text = value(event))}
          ></textarea>`}
      <p id="hint" class="muted">${this.#editable?.text.includes(MASK) || this.rows.some(([, content]) => content.includes(MASK)) ? labels.maskHint : nothing}</p>
      <p id="trouble" class="bad" role="alert">${this.trouble ?? nothing}</p>
      <div class="actions">
        <button class="primary" type="submit">${labels.save}</button>
        <button type="button" @click=${() => this.dispatchEvent(new Event('cancel'))}>${labels.leave}</button>
      </div>
    </form>`;
  }

  static override styles = [
    theme,
    css`
      form {
        margin-top: 12px;
      }
      fieldset {
        border: 0;
        padding: 0;
        margin: 0 0 12px;
      }
      legend,
      label {
        font-weight: 600;
        font-size: 12px;
        padding: 0;
        margin-bottom: 4px;
        display: block;
      }
      .header {
        display: grid;
        grid-template-columns: minmax(0, 2fr) minmax(0, 3fr) auto;
        gap: 4px;
        margin-bottom: 4px;
      }
      textarea {
        width: 100%;
        resize: vertical;
        padding: 6px 8px;
      }
      p {
        margin: 4px 0;
      }
      .actions {
        display: flex;
        gap: 6px;
      }
    `,
  ];
}
