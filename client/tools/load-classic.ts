/** For the classic script, in place of `load.ts`: a module that lies beside it, by a URL that follows the script's. */
const BESIDE: string = './holdfast-tools.js';

export const loadTools = (): Promise<typeof import('./tools.js')> => import(/* @vite-ignore */ BESIDE);
