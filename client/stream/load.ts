/** The stream's own code, when the first one is opened: a chunk of its own for a bundler. */
export const loadStream = (): Promise<typeof import('./open.js')> => import('./open.js');
