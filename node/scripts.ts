import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The package's classic scripts, in `dist/` beside this module's build. */
export const SCRIPTS = ['holdfast-sw.js', 'holdfast.js', 'holdfast-stream.js', 'holdfast-outbox.js', 'holdfast-tools.js', 'holdfast-zh.js', 'holdfast-inspector.js'] as const;

/** The text of a classic script. Its source map isn't named in it, as the map stays in the package. */
export async function readScript(name: (typeof SCRIPTS)[number], folder = import.meta.dirname): Promise<string> {
  const text = await readFile(join(folder, name), 'utf8');
  return text.replace(/\/\/# sourceMappingURL=.*\s*$/, '');
}
