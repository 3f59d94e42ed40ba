/** What isn't shown to anybody, by its name: headers, parameters of a URL or a form, fields of JSON. */
const SECRET =
  /(^|[^a-z])(authorization|cookie|sig|jwt|sid|session|session[-_]?id|auth|apikey|otp|pwd)($|[^a-z])|token|secret|signature|jsessionid|(api|access|private)[-_]?key|passw(or)?d|passphrase|credential/i;

export const MASK = '•••';

export const isSecret = (name: string): boolean => SECRET.test(name);

/** Any text, with the tokens in it masked that are known by their looks: JSON Web Tokens, signed or encrypted (RFC 7515, 7516). */
export const maskText = (text: string): string =>
  text.replace(/(?<![\w-])[\w-]+(?:\.[\w-]*){2,}/g, (run) => {
    const at = run.indexOf('eyJ');
    return at >= 0 && run.indexOf('.', run.indexOf('.', at) + 1) > at ? run.slice(0, at) + MASK : run;
  });

/**
 * Masks the values of those whose names are secret.
 *
 * @param names finds a name, its first group, and what stands between it and its value
 * @param endOf where the value that begins there ends
 */
export function maskNamed(text: string, names: RegExp, endOf: (from: number) => number, mask = MASK, isHidden = isSecret): string {
  let shown = '';
  let told = 0;
  for (const { 0: before, 1: name = '', index } of text.matchAll(names)) {
    if (index < told || !isHidden(name)) continue;
    shown += text.slice(told, index + before.length) + mask;
    told = endOf(index + before.length);
  }
  return shown + text.slice(told);
}

/** A value may be a URL, or have one in it: `Location`, `Link`. */
export const maskHeaders = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, isSecret(name) ? MASK : maskUrl(value)]));

/** Of a URL, or of text with some in it: the values of what is a secret by its name (OAuth's `code` is one here), and what stands before a host's `@`. */
export function maskUrl(url: string): string {
  const bare = maskText(url).replace(/(?<![\w+.-])([\w+.-]+:\/\/)[^/?#@\s]*@/g, `$1${MASK}@`);
  const endOf = (from: number) => {
    const length = bare.slice(from).search(/[&#\s>"]/);
    return length < 0 ? bare.length : from + length;
  };
  return maskNamed(bare, /[?&#;]([^=?&#;\s]+)=/g, endOf, MASK, (name) => isSecret(decoded(name)) || name === 'code');
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
