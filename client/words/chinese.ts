import type { Words } from './words.js';
import { zh } from './zh.js';

/** The Chinese words. In the classic script they're loaded: `chinese-classic.ts`. */
export const chinese = (): Words => zh;
