/** Whether a Content-Type is HTML. */
export const isHtml = (contentType: string | null | undefined): boolean => /^\s*(text\/html|application\/xhtml\+xml)/i.test(contentType ?? '');

/** A request and its answer, as far as they show whether the answer belongs to the request. */
export interface Arrival {
  /** The URL that was asked for. */
  asked: string;
  /** The URL that the answer came from, redirects followed. */
  url: string;
  /** The request's header `Accept`. */
  accept: string | null;
  /** Whether the request has a header, named in lower case. */
  has(header: string): boolean;
  contentType: string | null;
}

/** Request headers of pages that put the HTML of an answer into themselves: htmx, Turbo, Unpoly. */
const WANTS_HTML = ['hx-request', 'turbo-frame', 'x-up-version'];

/**
 * Whether redirects have led to a page at another path, and the request hadn't asked for HTML: a login page, most often.
 * The API's own answer is lost on the way, and with a 302 the server has seen a GET in place of the request.
 */
export function isOtherPage({ asked, url, accept, has, contentType }: Arrival): boolean {
  if (!isHtml(contentType) || isHtml(accept) || WANTS_HTML.some(has)) return false;
  const [from, to] = [new URL(asked), new URL(url)];
  return from.pathname !== to.pathname;
}
