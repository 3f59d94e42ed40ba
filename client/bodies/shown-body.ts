import type { EntryBody } from '../../sw/protocol/api.js';
import { isSecret, MASK, maskText } from '../../sw/policy/secrets.js';

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

/** What a body is, by its type and by what's in it. A beginning alone is shown as text, or as bytes. */
export async function showBody({ bytes, contentType, truncated }: Pick<EntryBody, 'bytes' | 'contentType' | 'truncated'>): Promise<ShownBody> {
  const [type = ''] = (contentType ?? '').toLowerCase().split(';');
  if (!truncated && /^multipart\/form-data$/.test(type.trim())) {
    const form = await formOf(bytes, contentType!);
    if (form) return { kind: 'form', fields: form };
  }
  const text = textOf(bytes, truncated);
  if (text === null) return { kind: 'bytes', bytes: new Uint8Array(bytes) };
  if (/^application\/x-www-form-urlencoded$/.test(type.trim())) {
    return { kind: 'form', fields: [...new URLSearchParams(text)].map(([name, value]) => field(name, value)) };
  }
  const json = truncated ? undefined : parsed(text);
  if (typeof json === 'object' && json !== null) return { kind: 'json', text: JSON.stringify(maskJson(json), null, 2) };
  return { kind: 'text', text: maskText(truncated ? maskFields(text) : text) };
}

/** A JSON value with its secrets masked. */
export function maskJson(value: unknown): unknown {
  if (typeof value === 'string') return maskText(value);
  if (Array.isArray(value)) return value.map(maskJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, isSecret(name) && inner !== null ? MASK : maskJson(inner)]),
  );
}

/**
 * Puts the secrets back into a value that was edited with them masked, from the same places of the original.
 * @throws TypeError when a mask stands where there's no secret to put back
 */
export function unmaskJson(edited: unknown, original: unknown): unknown {
  if (typeof edited === 'string' && edited.includes(MASK)) {
    if (edited === maskJson(original) || edited === MASK && original !== undefined) return original;
    throw new TypeError(`${MASK} stands where no hidden value was`);
  }
  if (Array.isArray(edited)) return edited.map((inner, at) => unmaskJson(inner, Array.isArray(original) ? original[at] : undefined));
  if (typeof edited !== 'object' || edited === null) return edited;
  const before = (typeof original === 'object' && original !== null ? original : {}) as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(edited).map(([name, inner]) => [name, unmaskJson(inner, Object.hasOwn(before, name) ? before[name] : undefined)]),
  );
}

/** The fields of JSON that breaks off can't be read, but they can be seen. */
const maskFields = (text: string): string =>
  text.replace(/"((?:[^"\\]|\\.)*)"(\s*:\s*)"((?:[^"\\]|\\.)*)("|$)/g, (whole, name: string, colon: string, _value, end: string) =>
    isSecret(name) ? `"${name}"${colon}"${MASK}${end}` : whole,
  );

const field = (name: string, value: string): ShownField => ({ name, value: isSecret(name) ? MASK : maskText(value) });

function textOf(bytes: ArrayBuffer, truncated: boolean): string | null {
  try {
    // A beginning may end in the middle of a character.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: truncated });
    // eslint-disable-next-line no-control-regex
    return /[\0-\x08\x0e-\x1f]/.test(text) ? null : text;
  } catch {
    return null;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function formOf(bytes: ArrayBuffer, contentType: string): Promise<ShownField[] | null> {
  try {
    const form = await new Response(bytes, { headers: { 'Content-Type': contentType } }).formData();
    return [...form].map(([name, value]) =>
      typeof value === 'string' ? field(name, value) : { name, value: `${value.name} (${value.type || 'application/octet-stream'}, ${value.size} B)` },
    );
  } catch {
    return null;
  }
}
