/** One rule of the ServiceWorker Static Routing API, as far as it's used here. */
export interface Route {
  condition: RouteCondition;
  source: 'network';
}

export interface RouteCondition {
  /** What `new URLPattern` takes. */
  urlPattern?: Record<string, string>;
  requestMethod?: string;
  requestMode?: string;
  or?: RouteCondition[];
  not?: RouteCondition;
}

/** Those that pages make without a thought, and that are the most by far. */
const COMMON = ['GET', 'HEAD'];

/** What a route must know of a backend. */
export interface RoutedBackend {
  baseUrl: string;
  methods: ReadonlySet<string>;
  /** Null where no request has a token. */
  auth: { learn: boolean } | null;
}

/**
 * What the browser may fetch without asking the worker, as no backend wants it: navigations, URLs outside
 * of every base URL, and the common methods that no backend keeps, where none learns a token from them.
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

/** As `isUnder` has it: the path itself, and whatever follows it on a segment border. */
function patternUnder(baseUrl: string): Record<string, string> {
  const { protocol, hostname, port, pathname } = new URL(baseUrl);
  const path = pathname.replace(/\/+$/, '').replace(/[+*?:{}()\\]/g, '\\$&');
  return { protocol: protocol.slice(0, -1), hostname, port, pathname: `${path}{/*}?`, search: '*', hash: '*' };
}
