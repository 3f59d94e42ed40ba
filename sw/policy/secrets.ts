/** What isn't shown to anybody, by its name: headers, parameters of a URL or a form, fields of JSON. */
const SECRET =
  /^(authorization|proxy-authorization|cookie|set-cookie|sig|signature|jwt|sid|session|session[-_]?id|auth|apikey|otp)$|token|secret|api[-_]?key|passw(or)?d|passphrase|credential/i;

/** A JSON Web Token, wherever it stands (https://www.rfc-editor.org/rfc/rfc7519#section-3). */
const JWT = /\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*/g;

export const MASK = '•••';

export const isSecret = (name: string): boolean => SECRET.test(name);

/** Any text, with the tokens in it masked that are known by their looks. */
export const maskText = (text: string): string => text.replace(JWT, MASK);

/** A value may be a URL, or have one in it: `Location`, `Link`. */
export const maskHeaders = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, isSecret(name) ? MASK : maskUrl(value)]));

/** Of a URL: the values of what is a secret by its name (OAuth's `code` is one here), and what stands before the host's `@`. */
export function maskUrl(url: string): string {
  return maskText(url.replace(/^(\w+:\/\/)[^/?#@]*@/, `$1${MASK}@`)).replace(
    /([?&#])([^=&#\s]+)=([^&#\s>"]*)/g,
    (whole, mark: string, name: string) => (isSecret(decoded(name)) || name === 'code' ? `${mark}${name}=${MASK}` : whole),
  );
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
