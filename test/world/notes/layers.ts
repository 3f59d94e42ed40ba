import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { linesOfCode } from './lines.js';

export const LAYERS = ['workbox', 'tanstack', 'holdfast'] as const;
export type Layer = (typeof LAYERS)[number];

export const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** How many lines of code a data layer has, its worker included. */
export const linesOf = (layer: Layer): number =>
  readdirSync(pathOf(`./layers/${layer}/`)).reduce((sum, name) => sum + linesOfCode(readFileSync(pathOf(`./layers/${layer}/${name}`), 'utf8')), 0);
