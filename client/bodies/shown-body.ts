import type { EntryBody } from '../../sw/protocol/api.js';
import { isSecret, MASK } from '../../sw/policy/secrets.js';
import { maskJson, maskString } from './masked-json.js';

export interface ShownField {
  name: string;
  value: string;
}

/** A body as a person may see it: secrets are masked by name, and tokens by their looks. All of it is plain text. */
export type ShownBody =
  /** Indented by two spaces. */
  | { kind: 'json'; text: string }
  /** `application/x-www-form-urlencoded`, or multipart with a line for each file. */
  | { kind: 'form'; fields: ShownField[] }
  | { kind: 'text'; text: string }
  | { kind: 'bytes'; bytes: Uint8Array };

/** What a body is, by its type and by what's in it. A beginning alone is shown as a form, as text, or as bytes. */
export async function showBody({ bytes, contentType, truncated }: Pick<EntryBody, 'bytes' | 'contentType' | 'truncated'>): Promise<ShownBody> {
  if (isMultipart(contentType)) return { kind: 'form', fields: await multipartFields(bytes, contentType!, truncated) };
  const text = textOf(bytes, truncated);
  if (text === null) return hasSecret(new TextDecoder('latin1').decode(bytes)) ? { kind: 'text', text: MASK } : { kind: 'bytes', bytes: new Uint8Array(bytes) };
  const json = truncated ? undefined : shownJson(text);
  if (json !== undefined) return { kind: 'json', text: json };
  return isForm(contentType) ? { kind: 'form', fields: formFields(text) } : { kind: 'text', text: maskString(text) };
}

/** Undefined for what is no object or array, or one in ten thousand others. */
function shownJson(text: string): string | undefined {
  const json = jsonIn(text);
  try {
    return json && JSON.stringify(maskJson(json), null, 2);
  } catch {
    return undefined;
  }
}

export const hasSecret = (text: string): boolean => maskString(text) !== text;

const typeOf = (contentType: string | null) => (contentType ?? '').toLowerCase().split(';', 1)[0]!.trim();
export const isMultipart = (contentType: string | null): boolean => typeOf(contentType) === 'multipart/form-data';
export const isForm = (contentType: string | null): boolean => typeOf(contentType) === 'application/x-www-form-urlencoded';

/** Bytes as text, a byte order mark included; null for what is none. */
export function textOf(bytes: ArrayBuffer, truncated = false): string | null {
  try {
    // A beginning may end in the middle of a character.
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: truncated });
    // eslint-disable-next-line no-control-regex
    return /[\0-\x08\x0e-\x1f]/.test(text) ? null : text;
  } catch {
    return null;
  }
}

/** The object or array that a text is as JSON; undefined for any other. */
export function jsonIn(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

const field = (name: string, value: string): ShownField => ({ name: maskString(name), value: isSecret(name) ? MASK : maskString(value) });
export const formFields = (text: string): ShownField[] => [...new URLSearchParams(text)].map(([name, value]) => field(name, value));

/** Of a beginning, the parts that are whole. None where it can't be read: as text or hex it might show a secret. */
async function multipartFields(bytes: ArrayBuffer, contentType: string, truncated: boolean): Promise<ShownField[]> {
  try {
    const body = truncated ? wholeParts(bytes, contentType) : bytes;
    const form = await new Response(body, { headers: { 'Content-Type': contentType } }).formData();
    return [...form].map(([name, value]) =>
      typeof value === 'string' ? field(name, value) : { name, value: `${value.name} (${value.type || 'application/octet-stream'}, ${value.size} B)` },
    );
  } catch {
    return [];
  }
}

/** @see https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1 */
function wholeParts(bytes: ArrayBuffer, contentType: string): Blob {
  const [, quoted, bare] = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType) ?? [];
  const delimiter = `\r\n--${quoted ?? bare}`;
  // A character for each byte, so that places in the text are places in the bytes.
  const end = new TextDecoder('latin1').decode(bytes).lastIndexOf(delimiter);
  return new Blob([bytes.slice(0, Math.max(0, end)), `${delimiter}--\r\n`]);
}
