import { basename } from 'node:path';
import { build } from 'vite';

export interface Chunk {
  fileName: string;
  code: string;
}

/**
 * What an app's bundler makes of an entry: `NAME.js`, and beside it as many chunks as it takes.
 *
 * @param global makes the entry one classic script, which leaves its exports under this name
 */
export async function bundle(entry: string, global?: string): Promise<Chunk[]> {
  const fileName = basename(entry).replace(/\.ts$/, '.js');
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    define: { 'process.env.NODE_ENV': '"production"' },
    build: { write: false, lib: { entry, formats: [global ? 'iife' : 'es'], fileName: () => fileName, ...(global && { name: global }) } },
  });
  const [output] = [built].flat();
  if (!output || !('output' in output)) throw new Error(`${entry} was not built`);
  return output.output.flatMap((one) => (one.type === 'chunk' ? [one] : []));
}
