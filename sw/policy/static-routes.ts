/** One rule of the ServiceWorker Static Routing API, with the fields that Holdfast uses. */
export interface Route {
  condition: RouteCondition;
  source: 'network';
}

export interface RouteCondition {
  /** The argument of `new URLPattern`. */
  urlPattern?: Record<string, string>;
  requestMethod?: string;
  requestMode?: string;
  or?: RouteCondition[];
  not?: RouteCondition;
}

/** The methods of most requests by far. */
const COMMON = ['GET', 'HEAD'];

/** A backend as the routes see it. */
export interface RoutedBackend {
  baseUrl: string;
  methods: ReadonlySet<string>;
  /** Null where no request has a token. */
  auth: { learn: boolean } | null;
}

/**
 * Routes for requests that the browser may fetch without asking the worker, as no backend wants them: navigations, URLs
 * outside of every base URL, and the common methods that no backend keeps, unless a backend learns tokens from them.
 */
export function routesBeside(backends: readonly RoutedBackend[]): Route[] {
  const learns = backends.some(({ auth }) => auth?.learn);
  const free = learns ? [] : COMMON.filter((method) => !backends.some(({ methods }) => methods.has(method)));
  const conditions: RouteCondition[] = [
    { requestMode: 'navigate' },
    ...free.map((requestMethod) => ({ requestMethod })),
    { not: { or: backends.map(({ baseUrl }) => ({ urlPattern: patternUnder(baseUrl) })) } },
  ];
  return conditions.map((condition) => ({ condition, source: 'network' }));
}

/** A pattern that matches the same URLs as `isUnder`: the path itself, and whatever follows it on a segment border. */
function patternUnder(baseUrl: string): Record<string, string> {
  const { protocol, hostname, port, pathname } = new URL(baseUrl);
  const path = pathname.replace(/\/+$/, '').replace(/[+*?:{}()\\]/g, '\\$&');
  return { protocol: protocol.slice(0, -1), hostname, port, pathname: `${path}{/*}?`, search: '*', hash: '*' };
}
