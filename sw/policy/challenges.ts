/** One challenge of a `WWW-Authenticate` header. */
export interface Challenge {
  /** In lower case. */
  scheme: string;
  /** Names in lower case; of a name that's there twice, the first. */
  params: Readonly<Record<string, string>>;
}

/** No real header comes near; what's beyond isn't read. */
const LIMIT = 16 * 1024;

/** A comma; or a token, and what it's set to, quoted or not; or one odd character. Sticky, so that it goes through once. */
const PART = /\s*(?:(,)|([!#$%&'*+.^_`|~\w-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^\s,]*)))?|[^])/gy;

/**
 * The challenges of a `WWW-Authenticate` header (RFC 9110 §11.6.1), of several headers too, as browsers join them by commas.
 * Reads what servers send as well: parameters that spaces part, a quoted string that isn't closed.
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
      // What follows a scheme without a comma is its token68.
      if (isFirstOfItem) found.push({ scheme: token.toLowerCase(), params: Object.create(null) as Record<string, string> });
      isFirstOfItem = false;
    } else if (token && current) {
      isFirstOfItem = false;
      // What's nothing, or an equals sign, is the end of a token68.
      if (value !== undefined && bare !== '' && bare !== '=') current.params[token.toLowerCase()] ??= value;
    }
  }
  return found;
}
