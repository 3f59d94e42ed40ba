/** What a library's page gives to the tests. */
export interface ClientPage {
  /** Sets the page up while the server is there. */
  prepare?(): unknown;
  /** The user's one write, or what else the row is about. Gives what the app is told, by its value or by throwing. */
  write(token?: string): Promise<unknown>;
  /** What the app does by itself once the server is back. */
  goOn?(): Promise<unknown>;
  /** What the library says of its user. */
  signedIn?(): unknown;
}

export const API = `${location.origin}/api`;
export const bearer = (token?: string): Record<string, string> => (token ? { Authorization: `Bearer ${token}` } : {});

/** Shows HTML, and gives what waits for its form to be sent by the library. */
export function shows(html: string): void {
  document.body.innerHTML = html;
}

export function submits(): void {
  document.querySelector('form')!.requestSubmit();
}

/** The event's next time, on the document. */
export const next = (type: string): Promise<Event> => new Promise((resolve) => document.addEventListener(type, resolve, { once: true }));

/** A JWT that's over, as auth libraries read it. */
export function lapsed(): string {
  const part = (value: object) => btoa(JSON.stringify(value)).replace(/=+$/, '');
  return `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: 'ann', exp: 1_700_000_000 })}.c2lnbmVk`;
}
