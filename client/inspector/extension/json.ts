/** Bytes and what JSON leaves out, as it travels between panel and page. */
const BYTES = '$bytes';
const UNDEFINED = '$undefined';

type Fields = Record<string, unknown>;

/** A structured value as JSON's own kinds. */
export function toJson(value: unknown): unknown {
  if (value === undefined) return { [UNDEFINED]: true };
  if (value instanceof ArrayBuffer) return { [BYTES]: base64(new Uint8Array(value)) };
  if (ArrayBuffer.isView(value)) return { [BYTES]: base64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)) };
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, toJson(inner)]));
}

/** The value again. Bytes come back as an ArrayBuffer. */
export function fromJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromJson);
  if (typeof value !== 'object' || value === null) return value;
  const fields = value as Fields;
  if (fields[UNDEFINED] === true) return undefined;
  const bytes = fields[BYTES];
  if (typeof bytes === 'string') return Uint8Array.from(atob(bytes), (char) => char.charCodeAt(0)).buffer;
  return Object.fromEntries(Object.entries(fields).map(([name, inner]) => [name, fromJson(inner)]));
}

function base64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
