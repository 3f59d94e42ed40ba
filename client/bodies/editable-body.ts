import type { EntryBody } from '../../sw/protocol/api.js';
import { MASK } from '../../sw/policy/secrets.js';
import { survives } from './json-tokens.js';
import { maskJson, unmaskJson } from './masked-json.js';
import { formFields, hasSecret, isForm, isMultipart, jsonIn, textOf } from './shown-body.js';

/** A body as text that a person can change, secrets masked. */
export interface EditableBody {
  /** With line feeds, as a text field has them. JSON is indented by two spaces. */
  text: string;
  /**
   * The body of the changed text: what was left alone is as it was, byte for byte or number for number.
   * @throws SyntaxError for JSON that is none any more
   * @throws TypeError for a mask that stands for no secret, or whose secret can't be told
   */
  bodyOf(text: string): string;
}

/**
 * A body's text for an editor, or null where it can't be given back whole: it's no text, a multipart form, only
 * a beginning, other text than JSON with secrets in it, or has line ends of several kinds.
 *
 * @param body null: there's none, and it may get one
 */
export function editableBody(body: EntryBody | null): EditableBody | null {
  if (!body) return { text: '', bodyOf: (text) => text };
  if (body.truncated || isMultipart(body.contentType)) return null;
  const text = textOf(body.bytes);
  if (text === null) return null;
  const original = jsonIn(text);
  if (original) return editableJson(text, original);
  if (isSecretive(text, body.contentType)) return null;
  const lines = text.replaceAll('\r\n', '\n');
  const isWindows = lines !== text;
  if (lines.includes('\r') || (isWindows && lines.replaceAll('\n', '\r\n') !== text)) return null;
  return { text: lines, bodyOf: (edited) => (isWindows ? edited.replaceAll('\n', '\r\n') : edited) };
}

function editableJson(text: string, original: object): EditableBody | null {
  const masked = shownOf(original);
  if (!masked) return null;
  const isOpen = JSON.stringify(masked) === JSON.stringify(original);
  const isWhole = survives(text, original);
  if (!isWhole && !isOpen) return null;
  return {
    text: isWhole ? JSON.stringify(masked, null, 2) : text.replace(/\r\n?/g, '\n'),
    bodyOf(edited) {
      const value: unknown = JSON.parse(edited);
      const isAsWritten = survives(edited, value);
      const unmasked = unmaskJson(value, original);
      if (!isAsWritten && JSON.stringify(value).includes(MASK)) throw new TypeError(`a number is too long to be kept beside ${MASK}`);
      return isAsWritten ? JSON.stringify(unmasked) : edited;
    },
  };
}

/** Null where a name is a secret, or it's too deep. */
function shownOf(original: object): unknown {
  try {
    const masked = maskJson(original);
    return namesOf(masked) === namesOf(original) ? masked : null;
  } catch {
    return null;
  }
}

function namesOf(value: unknown): string {
  const names: string[] = [];
  JSON.stringify(value, (name, inner: unknown) => {
    if (name.includes(MASK)) names.push(name);
    return inner;
  });
  return names.join();
}

/** Lines of JSON, a form, a token: what is hidden in a view of it can't be edited there. */
function isSecretive(text: string, contentType: string | null): boolean {
  if (!isForm(contentType)) return hasSecret(text);
  const shown = formFields(text);
  return [...new URLSearchParams(text)].some(([name, value], at) => shown[at]?.name !== name || shown[at].value !== value);
}
