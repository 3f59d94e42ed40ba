import { decoded, utf8In } from './text.js';

/** The id that a server has given. */
export interface RealId {
  /** The id's text. */
  id: string;
  /** The server has given the id as a number, so that it's a number in JSON. */
  isNumber?: true;
}

/** The id as a value: a number, unless JavaScript has no such number. */
export const idOf = ({ id, isNumber }: RealId): string | number => (isNumber && String(Number(id)) === id ? Number(id) : id);

/** Gives the real id in place of a token of a request; null where the token stays. */
export type Replace = (token: string) => RealId | null;

/** The URL with its path segments and query values replaced. All other bytes stay. */
export function urlWith(url: string, replace: Replace): string {
  const [, origin = '', path = '', query = '', hash = ''] = /^(\w+:\/\/[^/?#]*)?([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(url) ?? [];
  return origin + path.replace(/[^/]+/g, (segment) => encoded(segment, replace)) + formWith(query, replace) + hash;
}

/** A body of JSON, a form, or a multipart form with its strings and text fields replaced; the very same bytes where there's nothing to replace. */
export function bodyWith(bytes: ArrayBuffer, type: string, replace: Replace): ArrayBuffer {
  if (/^multipart\/form-data/i.test(type)) return multipartWith(bytes, type, replace);
  const textWith = /^[^;]*[/+]json/i.test(type) ? jsonWith : /^application\/x-www-form-urlencoded/i.test(type) ? formWith : null;
  const text = textWith && utf8In(bytes);
  if (!text) return bytes;
  const made = textWith(text, replace);
  return made === text ? bytes : new TextEncoder().encode(made).buffer;
}

const formWith = (text: string, replace: Replace): string => text.replace(/(?<==)[^&#]+/g, (value) => encoded(value, replace, true));

/** A segment of a URL or a value of a form, replaced or as it is. */
function encoded(given: string, replace: Replace, isValue = false): string {
  const real = replace(decoded(isValue ? given.replaceAll('+', ' ') : given));
  return real ? encodeURIComponent(real.id) : given;
}

/** The name of a field stays a string, whatever the id was in the server's answer. */
const jsonWith = (text: string, replace: Replace): string =>
  text.replace(/"([^"\\]*(?:\\.[^"\\]*)*)"(\s*:)?/gs, (token, content: string, colon = '') => {
    const real = replace(content.includes('\\') ? unescaped(content) : content);
    return real ? (real.isNumber && !colon ? real.id : JSON.stringify(real.id)) + colon : token;
  });

function unescaped(content: string): string {
  try {
    return JSON.parse(`"${content}"`) as string;
  } catch {
    return content;
  }
}

/** https://www.rfc-editor.org/rfc/rfc7578: a part with a file name is a file, and stays, unless it's JSON. */
function multipartWith(bytes: ArrayBuffer, type: string, replace: Replace): ArrayBuffer {
  const [, quoted, bare] = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(type) ?? [];
  const delimiter = `\r\n--${quoted ?? bare}`;
  // Each byte is one character here, so that places in the text are places in the bytes.
  const text = new TextDecoder('windows-1252').decode(new Uint8Array(bytes));
  const pieces: ArrayBuffer[] = [];
  let kept = 0;
  for (let at = text.indexOf(delimiter.slice(2)); at >= 0; ) {
    const from = text.indexOf('\r\n\r\n', at) + 4;
    const to = text.indexOf(delimiter, from - 2);
    if (from < 4 || to < from) break;
    const head = text.slice(at, from);
    const [, partType = ''] = /^content-type:\s*(.*)$/im.exec(head) ?? [];
    const part = bytes.slice(from, to);
    const made = /json/i.test(partType) ? bodyWith(part, partType, replace) : /;\s*filename/i.test(head) ? part : fieldWith(part, replace);
    if (made !== part) {
      pieces.push(bytes.slice(kept, from), made);
      kept = to;
    }
    at = to;
  }
  return kept === 0 ? bytes : joined([...pieces, bytes.slice(kept)]);
}

function fieldWith(bytes: ArrayBuffer, replace: Replace): ArrayBuffer {
  const text = utf8In(bytes);
  const real = text && replace(text);
  return real ? new TextEncoder().encode(real.id).buffer : bytes;
}

function joined(pieces: readonly ArrayBuffer[]): ArrayBuffer {
  const whole = new Uint8Array(pieces.reduce((size, { byteLength }) => size + byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(new Uint8Array(piece), at);
    at += piece.byteLength;
  }
  return whole.buffer;
}
