/** For the classic script, in place of `chinese.ts`: a module that lies beside it, by a URL that follows the script's. */
import { en } from './en.js';
import type { Words } from './words.js';

const BESIDE: string = './holdfast-zh.js';

let words = en;
let loading: Promise<void> | undefined;

/** The Chinese words once they're loaded, and the English words until then, or where the browser's console says that the file is missing. */
export function chinese(): Words {
  loading ??= (import(/* @vite-ignore */ BESIDE) as Promise<typeof import('./zh.js')>).then(
    ({ zh }) => void (words = zh),
    () => {},
  );
  return words;
}

// The first event is to be told in the user's language, too.
if (navigator.language.startsWith('zh')) chinese();
