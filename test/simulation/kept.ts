import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Script } from './actions.js';
import type { Violation } from './checks/index.js';

/** A script that was shrunk, and what it has shown. */
export interface Kept {
  check: string;
  why: string;
  /** What's to be mended; absent once it is. */
  open?: string;
  script: Script;
}

const FOLDER = join(import.meta.dirname, 'kept');

export async function keep(script: Script, { check, why }: Violation): Promise<string> {
  await mkdir(FOLDER, { recursive: true });
  const file = join(FOLDER, `${check.replaceAll(' ', '-')}-${script.seed}.json`);
  const kept: Kept = { check, why, open: 'to be read', script };
  const actions = script.actions.map((action) => `      ${JSON.stringify(action)}`).join(',\n');
  const whole = JSON.stringify({ ...kept, script: { ...script, actions: ['HERE'] } }, null, 2);
  await writeFile(file, `${whole.replace(/^\s*"HERE"$/m, actions)}\n`);
  return file;
}

export const readKept = (name: string): Kept => JSON.parse(readFileSync(join(FOLDER, `${name.replace(/\.json$/, '')}.json`), 'utf8')) as Kept;

export const allKept = (): { name: string; kept: Kept }[] =>
  readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json') && name !== 'known.json')
    .map((name) => ({ name, kept: readKept(name) }));

interface Known {
  /** Checks that any seed may violate, each with what's to be mended. */
  checks: Record<string, string>;
  /** Seeds of thirty writes, each with the checks that it violates. */
  seeds: Record<string, readonly string[]>;
}

let known: Known | null = null;

/** Whether a violation has a script that's kept already, and isn't mended yet. */
export function isKnown(seed: number, writes: number, { check }: Violation): boolean {
  known ??= JSON.parse(readFileSync(join(FOLDER, 'known.json'), 'utf8')) as Known;
  return check in known.checks || (writes === 30 && (known.seeds[seed]?.includes(check) ?? false));
}
