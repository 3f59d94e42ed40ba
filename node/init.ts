import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readScript, SCRIPTS } from './scripts.js';

/** One classic script in an app's folder, compared with the package's. */
export interface Comparison {
  path: string;
  /** What was there before: nothing, the same script, or another, by its version; null where it names none. */
  was: 'missing' | 'current' | { version: string | null };
}

const versionOf = (script: string) => /^\/\* holdfast (\S+) \*\//.exec(script)?.[1] ?? null;

/** Copies the package's classic scripts to a folder, and says what was there. With `check` nothing is written. */
export async function init(folder: string, { check = false, from }: { check?: boolean; from?: string } = {}): Promise<Comparison[]> {
  if (!check) await mkdir(folder, { recursive: true });
  return Promise.all(
    SCRIPTS.map(async (name): Promise<Comparison> => {
      const path = join(folder, name);
      const ours = await readScript(name, from);
      const theirs = await readFile(path, 'utf8').catch(() => null);
      if (theirs === ours) return { path, was: 'current' };
      if (!check) await writeFile(path, ours);
      return { path, was: theirs === null ? 'missing' : { version: versionOf(theirs) } };
    }),
  );
}

/** One line for a person. */
export function describe({ path, was }: Comparison, version: string, check: boolean): string {
  if (was === 'current') return `${path}: ${version}`;
  if (was === 'missing') return `${path}: ${check ? 'missing' : `${version}, new`}`;
  const before = was.version === version ? `another build of ${version}` : (was.version ?? 'an unknown version');
  return check ? `${path}: ${before}; the package has ${version}` : `${path}: ${version}, was ${before}`;
}
