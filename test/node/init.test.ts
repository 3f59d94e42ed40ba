import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describe, init } from '../../node/init.js';
import { SCRIPTS } from '../../node/scripts.js';

let root: string;
let from: string;
let folder: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'holdfast-init-'));
  from = join(root, 'package');
  folder = join(root, 'app/public');
  await mkdir(from);
  for (const name of SCRIPTS) await writeFile(join(from, name), `/* holdfast 0.2.0 */\nvar a = 1;\n//# sourceMappingURL=${name}.map\n`);
});
afterEach(() => rm(root, { recursive: true }));

const lines = async (check = false) => (await init(folder, { from, check })).map((one) => describe(one, '0.2.0', check).replace(`${folder}/`, ''));

test('W8 init copies the classic scripts to a folder that it makes, without the names of maps that stay behind', async () => {
  expect(await lines()).toEqual(SCRIPTS.map((name) => `${name}: 0.2.0, new`));
  for (const name of SCRIPTS) expect(await readFile(join(folder, name), 'utf8')).toBe('/* holdfast 0.2.0 */\nvar a = 1;\n');
  expect(await lines()).toEqual(SCRIPTS.map((name) => `${name}: 0.2.0`));
});

test('W8 init replaces what is older than the package, and says of which version it was', async () => {
  await init(folder, { from });
  await writeFile(join(folder, 'holdfast.js'), '/* holdfast 0.1.0 */\nvar a = 0;\n');
  await writeFile(join(folder, 'holdfast-sw.js'), 'var a = 0;\n');
  await writeFile(join(folder, 'holdfast-tools.js'), '/* holdfast 0.2.0 */\nvar a = 0;\n');
  const [worker, page, , , tools] = await lines();
  expect([worker, page, tools]).toEqual([
    'holdfast-sw.js: 0.2.0, was an unknown version',
    'holdfast.js: 0.2.0, was 0.1.0',
    'holdfast-tools.js: 0.2.0, was another build of 0.2.0',
  ]);
  expect(await readFile(join(folder, 'holdfast.js'), 'utf8')).toContain('0.2.0');
});

test('W8 init --check says what is older than the package, and writes nothing', async () => {
  expect(await lines(true)).toEqual(SCRIPTS.map((name) => `${name}: missing`));
  await init(folder, { from });
  await writeFile(join(folder, 'holdfast.js'), '/* holdfast 0.1.0 */\nvar a = 0;\n');
  expect((await lines(true))[1]).toBe('holdfast.js: 0.1.0; the package has 0.2.0');
  expect(await readFile(join(folder, 'holdfast.js'), 'utf8')).toContain('0.1.0');
});
