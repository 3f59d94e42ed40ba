/** One challenge of a `WWW-Authenticate` header. */
export interface Challenge {
  /** The scheme in lower case. */
  scheme: string;
  /** Parameters by name in lower case; of a name that occurs twice, the first value. */
  params: Readonly<Record<string, string>>;
}

/** A header is read no further than this: no real header is as long. */
const LIMIT = 16 * 1024;

/** Matches a comma; or a token and its value, quoted or not; or one odd character. Sticky, so that a header is read in one pass. */
const PART = /\s*(?:(,)|([!#$%&'*+.^_`|~\w-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^\s,]*)))?|[^])/gy;

/**
 * The challenges of a `WWW-Authenticate` header (RFC 9110 §11.6.1), or of several headers, which browsers join by commas.
 * Malformed headers that servers send are read too: parameters parted by spaces, a quoted string that isn't closed.
 *
 * @example challenges('Basic realm="a, b", Bearer error="invalid_token"')
 * // [{ scheme: 'basic', params: { realm: 'a, b' } }, { scheme: 'bearer', params: { error: 'invalid_token' } }]
 */
export function challenges(header: string): Challenge[] {
  const found: { scheme: string; params: Record<string, string> }[] = [];
  let isFirstOfItem = true;
  for (const [, comma, token, quoted, bare] of header.slice(0, LIMIT).matchAll(PART)) {
    const value = quoted?.replace(/\\(.)/g, '$1') ?? bare;
    const current = found.at(-1);
    if (comma) isFirstOfItem = true;
    else if (token && value === undefined) {
      // A token that follows a scheme without a comma is the scheme's token68.
      if (isFirstOfItem) found.push({ scheme: token.toLowerCase(), params: Object.create(null) as Record<string, string> });
      isFirstOfItem = false;
    } else if (token && current) {
      isFirstOfItem = false;
      // An empty value, or an equals sign, is the end of a token68.
      if (value !== undefined && bare !== '' && bare !== '=') current.params[token.toLowerCase()] ??= value;
    }
  }
  return found;
}
