/** For the classic script, in place of `load.ts`: a module that lies beside it, by a URL that follows the script's. */
const BESIDE: string = './holdfast-stream.js';

export const loadStream = (): Promise<typeof import('./open.js')> => import(/* @vite-ignore */ BESIDE);
