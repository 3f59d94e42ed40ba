import type { Route, RouteCondition } from '../policy/static-routes.js';

/**
 * Tells the browser, where it listens: Chromium 123 and later. Each rule by itself, as a browser that doesn't know
 * one takes the others.
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
