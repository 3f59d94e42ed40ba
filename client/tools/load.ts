/** What a developer needs and a visitor doesn't, when it's asked for: a chunk of its own for a bundler. */
export const loadTools = (): Promise<typeof import('./tools.js')> => import('./tools.js');
