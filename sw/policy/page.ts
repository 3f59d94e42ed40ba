/** Whether a Content-Type is that of a page. */
export const isHtml = (contentType: string | null | undefined): boolean => /^\s*(text\/html|application\/xhtml\+xml)/i.test(contentType ?? '');

/** A request, and the answer that it came to, as far as it tells whether they belong together. */
export interface Arrival {
  /** What was asked for, and where the answer came from, redirects followed. */
  asked: string;
  url: string;
  /** The request's header `Accept`. */
  accept: string | null;
  /** By lower-case name: the request's other headers. */
  has(header: string): boolean;
  contentType: string | null;
}

/** By these a page says that it puts the HTML of an answer into itself: htmx, Turbo, Unpoly. */
const WANTS_HTML = ['hx-request', 'turbo-frame', 'x-up-version'];

/**
 * Whether redirects have led to a page at another path, and the request hadn't asked for HTML: a login page, most often.
 * The answer that was meant for the request is lost on the way, and with a 302 the server has seen a GET in its place.
 */
export function isOtherPage({ asked, url, accept, has, contentType }: Arrival): boolean {
  if (!isHtml(contentType) || isHtml(accept) || WANTS_HTML.some(has)) return false;
  const [from, to] = [new URL(asked), new URL(url)];
  return from.pathname !== to.pathname;
}
