import { isHtml } from './page.js';

/** What a validation request was answered with. */
export interface ValidationAnswer {
  /** What was asked for, and where the answer came from, redirects followed. */
  asked: string;
  url: string;
  status: number;
  contentType: string | null;
}

/**
 * Whether an answer comes from somebody who sits in between, as a captive portal does: it leads to another
 * origin, or is a page where an API was asked. Errors are the server's own: many frameworks write their
 * 404 in HTML. And over https nobody in between can answer in the server's name, whatever the type.
 * https://datatracker.ietf.org/doc/html/rfc8952 (captive portal architecture)
 */
export function isCaptivePortal({ asked, url, status, contentType }: ValidationAnswer): boolean {
  const [from, to] = [new URL(asked), new URL(url)];
  if (from.origin !== to.origin) return true;
  return isHtml(contentType) && status >= 200 && status < 300 && from.protocol !== 'https:';
}

/** Whether a URL leads no further than this machine, so that nobody can be in between (RFC 6761 §6.3, RFC 1122 §3.2.1.3). */
export const isLoopback = (url: string): boolean => /^((.+\.)?localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);
