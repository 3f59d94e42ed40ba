import { isHtml } from './page.js';

/** The answer to a validation request. */
export interface ValidationAnswer {
  /** The URL that was asked for. */
  asked: string;
  /** The URL that the answer came from, redirects followed. */
  url: string;
  status: number;
  contentType: string | null;
}

/**
 * Whether an answer comes from a captive portal between the device and the server: the answer leads to another
 * origin, or is a page where an API was asked. Errors are the server's own: many frameworks write their
 * 404 in HTML. Over https no portal can answer in the server's name, whatever the type.
 * https://datatracker.ietf.org/doc/html/rfc8952 (captive portal architecture)
 */
export function isCaptivePortal({ asked, url, status, contentType }: ValidationAnswer): boolean {
  const [from, to] = [new URL(asked), new URL(url)];
  if (from.origin !== to.origin) return true;
  return isHtml(contentType) && status >= 200 && status < 300 && from.protocol !== 'https:';
}

/** Whether a URL leads no further than this machine, so that no portal can be in between (RFC 6761 §6.3, RFC 1122 §3.2.1.3). */
export const isLoopback = (url: string): boolean => /^((.+\.)?localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);
