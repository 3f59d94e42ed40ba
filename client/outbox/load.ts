/** What follows the outbox, when somebody listens to it: a chunk of its own for a bundler. */
export const loadFollow = (): Promise<typeof import('./follow.js')> => import('./follow.js');
