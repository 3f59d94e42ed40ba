/** The headers by which apps send a CSRF token, in lower case. The value is a credential: it's never on disk. */
export const CSRF_HEADERS: readonly string[] = ['x-csrf-token', 'x-xsrf-token', 'x-csrftoken', 'csrf-token', 'requestverificationtoken'];

/** The cookies whose value goes into a header: of Angular, axios and Laravel; of Django. */
export const CSRF_COOKIES: Readonly<Record<string, string>> = { 'x-xsrf-token': 'XSRF-TOKEN', 'x-csrftoken': 'csrftoken' };

/** The cookie whose value goes into a CSRF header; null for none. @param own the app's own cookie, for all headers */
export const csrfCookie = (header: string, own: string | null): string | null => own ?? CSRF_COOKIES[header] ?? null;

/** Takes the CSRF headers out of a request's headers. */
export function withoutCsrf(headers: Record<string, string>, names: ReadonlySet<string>): { headers: Record<string, string>; csrf: Record<string, string> } {
  const part = (isCsrf: boolean) => Object.fromEntries(Object.entries(headers).filter(([name]) => names.has(name) === isCsrf));
  return { headers: part(false), csrf: part(true) };
}
