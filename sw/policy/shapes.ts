import type { RequestHead } from './exclude.js';

/** The page's answer for a stored request of a known shape: the server's own, none (204), or a Turbo Stream that does nothing (200). */
export type ShapedAnswer = 'wait' | 'empty' | 'stream';

/** A shape that requests have. `where` is the header that tells it, or `path`: then the path of the URL does. Where there's a `body`, the request's must fit as well. */
export type Shape = readonly [where: string, pattern: RegExp, answer: ShapedAnswer, body?: RegExp];

/**
 * The shapes of requests whose client takes the 202 for a broken server, or puts its JSON into the page. The first that fits
 * counts.
 *
 * | shape | seen with |
 * |---|---|
 * | GraphQL, by its `Accept` or at `/graphql` | Apollo Client 4.3.8, urql 6.0.3, graphql-request 7.4 |
 * | tRPC, also a batch | tRPC 11.25.2 |
 * | an action of React Router's framework mode | React Router 7.18.6 |
 * | a form action of SvelteKit's `use:enhance` | SvelteKit 2.70.4 |
 * | an Astro action | Astro 5.18.2 |
 * | an Inertia visit | Inertia 3.7.1 and 2.3.28 |
 * | htmx | htmx 2.0.11 and 4.0.1 |
 * | Unpoly | Unpoly 3.14.3 |
 * | a form of Turbo | Turbo 8.0.23 |
 * | events of PostHog, gzipped or as JSON, which are sent again until there's a 200; nobody reads the answer to its `sendBeacon` | posthog-js 1.449.2 |
 */
export const shapes: readonly Shape[] = [
  ['accept', /graphql-response\+json/i, 'wait'],
  ['path', /\/graphql\/?$/i, 'wait'],
  ['path', /\/trpc\//, 'wait'],
  ['path', /\.data$/, 'wait'],
  ['x-sveltekit-action', /./, 'wait'],
  ['path', /\/_actions\//, 'wait'],
  ['x-inertia', /./, 'wait'],
  ['hx-request', /./, 'empty'],
  ['x-up-version', /./, 'empty'],
  ['accept', /turbo-stream/, 'stream'],
  ['path', /\/e\/$/, 'stream', /^(.\ufffd|\{"api_key":)/],
];

/** The answer for a request's shape, as its URL, headers and body tell it; undefined for none that's known. */
export function shapedAnswer({ url, headers }: RequestHead & { headers: { get(name: string): string | null } }, body?: unknown): ShapedAnswer | undefined {
  const { pathname } = new URL(url);
  const fits = ([where, pattern, , begins]: Shape) =>
    pattern.test(where === 'path' ? pathname : (headers.get(where) ?? '')) &&
    (!begins || (body instanceof ArrayBuffer && begins.test(new TextDecoder().decode(new Uint8Array(body)))));
  return shapes.find(fits)?.[2];
}

/**
 * Whether a JSON body is a GraphQL operation that reads (queries, subscriptions, a batch of them), or may write; null for any
 * other body. A persisted query has no document to tell by.
 */
export function graphqlOperation(contentType: string | undefined, body: ArrayBuffer): 'read' | 'write' | null {
  const text = /json/i.test(contentType ?? '') ? new TextDecoder().decode(new Uint8Array(body)) : '';
  if (!/"query"\s*:\s*"/.test(text)) return null;
  try {
    const kinds = [JSON.parse(text) as unknown].flat().map(kindOf);
    return kinds.every((kind) => kind === 'read') ? 'read' : kinds.some(Boolean) ? 'write' : null;
  } catch {
    return null;
  }
}

/** Comments and strings of a GraphQL document (https://spec.graphql.org/October2021/#sec-Language.Source-Text). */
const SILENT = /"""(?:\\"""|[^])*?"""|"(?:\\.|[^"\\\n])*"|#.*/g;

/** A document whose brackets are gone. */
const DOCUMENT = /^(\s*((query|mutation|subscription|fragment)\b[^(){};]*)?;)+\s*$/;

function kindOf(operation: unknown): 'read' | 'write' | null {
  const { query, operationName } = (operation ?? {}) as { query?: unknown; operationName?: unknown };
  if (typeof query !== 'string') return null;
  // What is in brackets goes, from the innermost outwards: a document is then `query Name ;fragment Name on Type ;`.
  let rest = query.replace(SILENT, '');
  for (let before = ''; before !== rest; ) {
    before = rest;
    rest = rest.replace(/\([^()]*\)/g, ' ').replace(/\{[^{}]*\}/g, ';');
  }
  if (!DOCUMENT.test(rest)) return null;
  const mutations = [...rest.matchAll(/(?:^|;)\s*mutation\b\s*(\w*)/g)];
  return mutations.some(([, name]) => !operationName || name === operationName) ? 'write' : 'read';
}
