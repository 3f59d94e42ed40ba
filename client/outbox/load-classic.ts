/** For the classic script, in place of `load.ts`: a module that lies beside it, by a URL that follows the script's. */
const BESIDE: string = './holdfast-outbox.js';

export const loadFollow = (): Promise<typeof import('./follow.js')> => import(/* @vite-ignore */ BESIDE);
