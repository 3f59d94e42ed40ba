import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/**
 * An app's own code out of `test/browser/bundled`, with what it imports taken from its packages: as many files as the
 * bundler makes of it.
 *
 * @param name makes it a classic script that leaves its exports under this name
 */
export async function bundled(file: string, name?: string): Promise<{ fileName: string; code: string }[]> {
  const entry = fileURLToPath(new URL(`../browser/bundled/${file}`, import.meta.url));
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    define: { 'process.env.NODE_ENV': '"production"' },
    build: { write: false, lib: { entry, formats: [name ? 'iife' : 'es'], fileName: () => file, ...(name && { name }) } },
  });
  const [output] = [built].flat();
  if (!output || !('output' in output)) throw new Error(`${file} was not built`);
  return output.output.flatMap((one) => (one.type === 'chunk' ? [one] : []));
}
