import { html, nothing, type TemplateResult } from 'lit';
import { freshCondition, isConflict } from '../../sw/policy/conflict.js';
import type { EntryBody, EntryInfo, Settlement } from '../../sw/protocol/api.js';
import { comparedFields, shownVersion, type ComparedField } from '../bodies/compared-bodies.js';
import type { ShownBody } from '../bodies/shown-body.js';
import type { Labels } from './words/words.js';

/** Whether an entry is a dead letter because the server has another version, so that a person decides between the two. */
export const isInConflict = ({ state, reason, lastAnswer }: EntryInfo): boolean => state === 'dead' && reason !== 'unreadable' && isConflict(lastAnswer?.status);

/** The headers of an entry in conflict, for the version that the server has: null takes one away. */
export const conditionFor = ({ headers, lastAnswer }: EntryInfo): Record<string, string | null> =>
  lastAnswer ? freshCondition(lastAnswer, (name) => headers[name] !== undefined) : {};

/** Both versions: field by field, or each by itself. */
export type Versions = { fields: ComparedField[] } | { mine: ShownBody | null; theirs: ShownBody | null };

/** @param settlement the server's answer, which is kept for a day */
export async function versionsOf(body: EntryBody | null, settlement: Pick<Settlement, 'body' | 'headers' | 'truncated'> | null): Promise<Versions> {
  const { body: bytes = null, headers = {}, truncated = false } = settlement ?? {};
  const answer = bytes && { bytes, contentType: headers['content-type'] ?? null, truncated };
  const fields = body && answer && comparedFields(body, answer);
  return fields ? { fields } : { mine: body && (await shownVersion(body)), theirs: answer && (await shownVersion(answer)) };
}

/** @param shown makes a view of a body */
export function versionsView(versions: Versions, labels: Labels, shown: (body: ShownBody, title: string) => TemplateResult): TemplateResult {
  const { title, mine, theirs } = labels.conflict;
  const side = (name: string, body: ShownBody | null) => html`<div><h4>${name}</h4>${body ? shown(body, name) : html`<p class="muted">${labels.conflict.none}</p>`}</div>`;
  return html`<section class="versions" aria-labelledby="versions">
    <h3 id="versions">${title}</h3>
    ${'fields' in versions
      ? html`<table class="mono" aria-labelledby="versions">
          <thead><tr><th scope="col">${labels.conflict.field}</th><th scope="col">${mine}</th><th scope="col">${theirs}</th></tr></thead>
          <tbody>${versions.fields.map((field) => fieldRow(field, labels))}</tbody>
        </table>`
      : html`<div class="sides">${side(mine, versions.mine)}${side(theirs, versions.theirs)}</div>`}
  </section>`;
}

function fieldRow({ name, mine, theirs, isSame }: ComparedField, { conflict }: Labels): TemplateResult {
  const value = (text: string | null) => html`<td>${text ?? html`<span class="muted">–</span>`}</td>`;
  const mark = isSame ? nothing : html`<span aria-hidden="true">≠ </span><span class="unseen">${conflict.differs}: </span>`;
  return html`<tr class=${isSame ? 'same' : 'differs'}><th scope="row">${mark}${name}</th>${value(mine)}${value(theirs)}</tr>`;
}
