/** Installs the packages, unless what's installed is as new as the lock file. Plain Node, as nothing is there yet. */
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../', import.meta.url);
const age = (path) => statSync(new URL(path, root), { throwIfNoEntry: false })?.mtimeMs ?? -Infinity;

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Holdfast needs Node 20.19 or newer; this is ${process.versions.node}`);
  process.exit(1);
}
if (age('node_modules/.package-lock.json') < age('package-lock.json')) {
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: fileURLToPath(root), stdio: 'inherit' });
  process.exit(status ?? 1);
}
