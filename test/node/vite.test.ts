/** The plugin as an app has it: vite and the built package (`npm run build`) in a folder of its own. */
import { spawn, execFile, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Script } from 'node:vm';
import { afterEach, expect, test, vi } from 'vitest';

vi.setConfig({ testTimeout: 90_000 });

const root = fileURLToPath(new URL('../../', import.meta.url));
const vite = join(root, 'node_modules/vite/bin/vite.js');
const { NODE_ENV: _, ...inherited } = process.env;
const env = { ...inherited, NO_COLOR: '1' };

const PACKAGES = ['vite', 'vite-plugin-pwa', 'workbox-precaching'];
const OWN_WORKER = `import { install } from 'holdfast/sw';
const [base]: string[] = [__BASE__];
install({ takeOver: true, backends: [{ baseUrl: base! }] });
console.log(import.meta.env.DEV ? 'in development' : 'in production');`;

let folder = '';
let server: ChildProcess | null = null;

afterEach(async () => {
  await stop();
  await rm(folder, { recursive: true, force: true });
});

/** Stops what {@link start} has started, and waits for its end: until then it may write into the folder. */
async function stop(): Promise<void> {
  const child = server;
  server = null;
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill();
  await ended;
}

/** An app that consists of these files, an empty page, and a configuration with these plugins. */
async function anApp(plugins: string, more: { options?: string; files?: Record<string, string> } = {}): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-vite-'));
  await mkdir(join(folder, 'node_modules'));
  await symlink(root, join(folder, 'node_modules/holdfast'));
  for (const name of PACKAGES) await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  const files: Record<string, string> = {
    'package.json': '{"type":"module"}',
    'index.html': '<!doctype html><title>App</title>',
    'vite.config.js': `import holdfast from 'holdfast/vite';
      import { VitePWA } from 'vite-plugin-pwa';
      export default { plugins: [${plugins}], ${more.options ?? ''} };`,
    ...more.files,
  };
  for (const [name, text] of Object.entries(files)) await write(name, text);
}

async function write(name: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder, name)), { recursive: true });
  await writeFile(join(folder, name), text);
}

const build = async () => void (await promisify(execFile)(process.execPath, [vite, 'build'], { cwd: folder, env }));
const written = (name: string) => readFile(join(folder, 'dist', name), 'utf8');

/** Starts `vite` or `vite preview`, and gives what fetches from it. */
async function start(...args: string[]): Promise<(path: string) => Promise<Response>> {
  const child = spawn(process.execPath, [vite, ...args, '--host', '127.0.0.1', '--port', '0'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  server = child;
  const origin = await new Promise<string>((resolve, reject) => {
    let said = '';
    const hear = (part: Buffer) => {
      said += part.toString();
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(said);
      if (found) resolve(found[0]);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('exit', () => reject(new Error(said)));
  });
  return (path) => fetch(origin + path);
}

/** The text of a script as a browser takes it for a classic worker: by its type, and in its syntax. */
async function classic(response: Response): Promise<string> {
  expect([response.status, response.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/javascript')]);
  const text = await response.text();
  expect(() => new Script(text)).not.toThrow();
  return text;
}

test('W8 the drop-in has its backends from the plugin: in dev, in a build, and in its preview', async () => {
  await anApp(`holdfast({ api: ['/api', '/files'] })`);
  const inDev = await classic(await (await start())('/holdfast-sw.js?v=1'));
  await stop();
  expect(inDev).toContain('install({ backends: [{"baseUrl":"/api"},{"baseUrl":"/files"}]');
  expect(inDev).not.toContain('sourceMappingURL');
  await build();
  expect(await written('holdfast-sw.js')).toBe(inDev);
  expect(await classic(await (await start('preview'))('/holdfast-sw.js'))).toBe(inDev);
});

test('W8 without options the plugin serves holdfast-sw.js as it is, below the base', async () => {
  await anApp('holdfast()', { options: `base: '/app/'` });
  const get = await start();
  const script = await classic(await get('/app/holdfast-sw.js?api=/api'));
  expect(`${script}\n`).not.toContain('isWorker');
  expect((await get('/holdfast-sw.js')).headers.get('content-type')).not.toContain('javascript');
});

test('W8 the app’s own worker is bundled into a classic script: in dev for each request, and in a build', async () => {
  const files = { 'src/sw.ts': `${OWN_WORKER}\nvoid import('./late.js');`, 'src/late.ts': `console.log('late');` };
  await anApp(`holdfast({ worker: 'src/sw.ts' })`, { options: `define: { __BASE__: '"/mine"' }, build: { sourcemap: true }`, files });
  const get = await start();
  expect(await classic(await get('/sw.js'))).toMatch(/"\/mine"[^]*in development/);
  await write('src/sw.ts', OWN_WORKER.replace('__BASE__', '"/edited"'));
  expect(await classic(await get('/sw.js'))).toContain('"/edited"');
  await write('src/sw.ts', 'const = 1;');
  expect((await get('/sw.js')).status).toBe(500);
  await stop();

  await write('src/sw.ts', files['src/sw.ts']);
  await build();
  const built = await written('sw.js');
  expect(() => new Script(built)).not.toThrow();
  expect(built).toContain('/mine');
  expect(built).toMatch(/["'`]late["'`]/);
  expect(built).not.toMatch(/process\.env|vite:preloadError/);
  expect(built).toContain('in production');
  expect(built).not.toContain('in development');
  expect(await readdir(join(folder, 'dist'))).toEqual(expect.arrayContaining(['index.html', 'sw.js', 'sw.js.map']));
});

test('W8 a server’s build has no worker', async () => {
  await anApp('holdfast()', { options: `build: { ssr: 'server.js' }`, files: { 'server.js': 'export default 1;' } });
  await build();
  expect(await readdir(join(folder, 'dist'))).toEqual(['server.js']);
});

test('W8 beside vite-plugin-pwa: the worker that it writes imports the drop-in', async () => {
  await anApp(`holdfast({ api: '/api' }), VitePWA({ workbox: { importScripts: ['holdfast-sw.js'], globIgnores: ['holdfast-sw.js'] } })`);
  await build();
  const worker = await written('sw.js');
  expect(worker).toMatch(/importScripts\(["']holdfast-sw\.js["']\)/);
  expect(worker).toContain('index.html');
  expect(await written('holdfast-sw.js')).toContain('takeOver: isWorker');
});

test('W8 beside vite-plugin-pwa: the app’s own worker is the plugin’s in dev, and has the list of files in a build', async () => {
  const files = { 'src/sw.ts': `import { precacheAndRoute } from 'workbox-precaching';\nprecacheAndRoute(self.__WB_MANIFEST);\n${OWN_WORKER}` };
  const pwa = `VitePWA({ strategies: 'injectManifest', srcDir: 'src', filename: 'sw.ts', injectRegister: false })`;
  await anApp(`holdfast({ worker: 'src/sw.ts' }), ${pwa}`, { options: `define: { __BASE__: '"/mine"' }`, files });
  const inDev = await classic(await (await start())('/sw.js'));
  expect(inDev).not.toContain('__WB_MANIFEST');
  expect(inDev).toContain('"/mine"');
  await stop();
  await build();
  expect(await classic(new Response(await written('sw.js'), { headers: { 'Content-Type': 'text/javascript' } }))).toMatch(/index\.html/);
});

test('W8 `api` beside a worker of one’s own is refused', async () => {
  await anApp(`holdfast({ api: '/api', worker: 'src/sw.ts' })`);
  await expect(build()).rejects.toThrow(/name `api` or `worker`/);
});
