import type { CsrfGiven } from '../sw/protocol/api.js';
import { CSRF_COOKIES } from '../sw/policy/csrf.js';

/**
 * What this page knows of its CSRF token: what the app gave, else what's in the page's meta tag, and the cookies that
 * carry it.
 *
 * @param own the app's own cookie (`auth.csrf.cookie`)
 */
export function knownCsrf(given: string | null, own?: string): CsrfGiven {
  const meta = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]');
  const names = [...Object.values(CSRF_COOKIES), own];
  const cookies = document.cookie.split('; ').map((cookie) => [cookie.split('=', 1)[0]!, cookie.slice(cookie.indexOf('=') + 1)] as const);
  return { token: given ?? meta?.content ?? null, cookies: Object.fromEntries(cookies.filter(([name]) => names.includes(name))) };
}
