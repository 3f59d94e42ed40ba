import type { Route, RouteCondition } from '../policy/static-routes.js';

/**
 * Adds static routes, in browsers that have the API: Chromium 123 and later. Each rule is added by itself, so that a
 * browser that doesn't know a rule takes the others.
 * @see https://wicg.github.io/service-worker-static-routing-api/
 */
export async function addRoutes(event: ExtendableEvent, routes: readonly Route[]): Promise<void> {
  const installing = event as ExtendableEvent & { addRoutes?(route: object): Promise<void> };
  if (!installing.addRoutes) return;
  const { URLPattern } = globalThis as unknown as { URLPattern: new (init: Record<string, string>) => object };
  const asked = ({ urlPattern, or, not, ...rest }: RouteCondition): object => ({
    ...rest,
    ...(urlPattern && { urlPattern: new URLPattern(urlPattern) }),
    ...(or && { or: or.map(asked) }),
    ...(not && { not: asked(not) }),
  });
  await Promise.allSettled(routes.map(async ({ condition, source }) => installing.addRoutes?.({ condition: asked(condition), source })));
}
