import { decoded } from './text.js';

/** Matches the names of secrets, which nobody is shown: headers, parameters of a URL or a form, fields of JSON. */
const SECRET =
  /(^|[^a-z])(authorization|cookie|sig|jwt|sid|session|session[-_]?id|auth|apikey|otp|pwd)($|[^a-z])|token|secret|signature|jsessionid|(api|access|private)[-_]?key|passw(or)?d|passphrase|credential/i;

export const MASK = '•••';

export const isSecret = (name: string): boolean => SECRET.test(name);

/** Masks tokens in any text that are recognised by their looks: JSON Web Tokens, signed or encrypted (RFC 7515, 7516). */
export const maskText = (text: string): string =>
  text.replace(/(?<![\w-])[\w-]+(?:\.[\w-]*){2,}/g, (run) => {
    const at = run.indexOf('eyJ');
    return at >= 0 && run.indexOf('.', run.indexOf('.', at) + 1) > at ? run.slice(0, at) + MASK : run;
  });

/**
 * Masks the values that have a secret name.
 *
 * @param names matches a name, its first group, and the separator between name and value
 * @param endOf gives the end of the value that begins at `from`
 */
export function maskNamed(text: string, names: RegExp, endOf: (from: number) => number, mask = MASK, isHidden = isSecret): string {
  let shown = '';
  let shownTo = 0;
  for (const { 0: before, 1: name = '', index } of text.matchAll(names)) {
    if (index < shownTo || !isHidden(name)) continue;
    shown += text.slice(shownTo, index + before.length) + mask;
    shownTo = endOf(index + before.length);
  }
  return shown + text.slice(shownTo);
}

/** Masks the secrets of headers. A value may contain a URL, as of `Location` or `Link`. */
export const maskHeaders = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, isSecret(name) ? MASK : maskUrl(value)]));

/** Masks a URL, or the URLs in a text: the values of parameters with a secret name (OAuth's `code` included), and the credentials before a host's `@`. */
export function maskUrl(url: string): string {
  const bare = maskText(url).replace(/(?<![\w+.-])([\w+.-]+:\/\/)[^/?#@\s]*@/g, `$1${MASK}@`);
  const endOf = (from: number) => {
    const length = bare.slice(from).search(/[&#\s>"]/);
    return length < 0 ? bare.length : from + length;
  };
  return maskNamed(bare, /[?&#;]([^=?&#;\s]+)=/g, endOf, MASK, (name) => isSecret(decoded(name)) || name === 'code');
}
