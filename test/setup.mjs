/**
 * Installs the packages, unless what's installed is as new as the lock file. Plain Node, as nothing is there yet.
 * `node test/setup.mjs FOLDER --flag` does it in a folder that has a lock file of its own, with flags for `npm ci`.
 */
import { spawnSync } from 'node:child_process';
import { lstatSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const [folder, ...flags] = process.argv.slice(2);
const root = folder === undefined ? new URL('../', import.meta.url) : pathToFileURL(`${resolve(folder)}/`);
const age = (path) => statSync(new URL(path, root), { throwIfNoEntry: false })?.mtimeMs ?? -Infinity;

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Holdfast needs Node 20.19 or newer; this is ${process.versions.node}`);
  process.exit(1);
}
if (age('node_modules/.package-lock.json') < age('package-lock.json')) {
  if (lstatSync(new URL('node_modules', root), { throwIfNoEntry: false })?.isSymbolicLink()) {
    console.error('node_modules is a link, and `npm ci` would empty the folder that it points to: remove the link first');
    process.exit(1);
  }
  const { status } = spawnSync('npm', ['ci', ...flags, '--no-audit', '--no-fund'], { cwd: fileURLToPath(root), stdio: 'inherit' });
  process.exit(status ?? 1);
}
