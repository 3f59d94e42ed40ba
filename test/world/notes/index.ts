import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { chromium, type Browser } from 'playwright';
import { chromium as launchOptions } from '../../support/chromium.js';
import { bytesOf, filesOf } from './bundle.js';
import { Device } from './device.js';
import { LAYERS, linesOf, pathOf, type Layer } from './layers.js';
import { cell, table, type Outcome } from './outcome.js';
import { createNotesServer } from './server.js';
import { SITUATIONS, type Situation } from './situations.js';

type Dependencies = Record<string, string>;
const read = (path: string) => JSON.parse(readFileSync(pathOf(path), 'utf8')) as { version: string; dependencies?: Dependencies; devDependencies?: Dependencies };
const ROOT = read('../../../package.json');
const OWN = read('./package.json');

const TITLES: Record<Layer, string> = {
  workbox: `workbox-background-sync ${ROOT.dependencies?.['workbox-background-sync']}`,
  tanstack: `@tanstack/offline-transactions ${OWN.devDependencies?.['@tanstack/offline-transactions']}`,
  holdfast: `Holdfast ${ROOT.version}`,
};

/** Plays a situation in one of the apps, in a browser context and with a server of its own. */
async function play(browser: Browser, layer: Layer, files: ReadonlyMap<string, string>, situation: Situation): Promise<Outcome> {
  const { honoursKeys = false, countsRequests = false, before, writes, wrongs } = situation;
  const server = await createNotesServer({ files, honoursKeys });
  before?.(server);
  const device = await Device.open(browser, layer, server);
  try {
    await situation.play(device);
    await device.settle();
    return {
      writes: writes(server),
      wrongs: wrongs?.(server) ?? [],
      refused: device.refused,
      isTold: device.notices.length > 0,
      setAside: await device.setAside(),
      requests: countsRequests ? server.received.length : null,
    };
  } finally {
    if (process.env['HOLDFAST_NOTES_LOG']) console.error(layer, situation.name, server.received, device.notices, device.refused, [...server.notes.values()]);
    await device.close();
    await server.unlisten();
  }
}

const BEGIN = '<!-- measured -->';
const END = '<!-- /measured -->';

/**
 * Plays all situations, or those with one of the given words in their names, in all apps, and prints the table. `--write` puts it into the
 * README. Gives the exit code.
 */
export async function main(given: readonly string[]): Promise<number> {
  const types = spawnSync('npx', ['tsc', '-p', pathOf('./layers')], { stdio: 'inherit' });
  if (types.status !== 0) return 1;
  const words = given.filter((word) => word !== '--write');
  const wanted = SITUATIONS.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
  const files = new Map<Layer, ReadonlyMap<string, string>>();
  for (const layer of LAYERS) files.set(layer, await filesOf(layer));
  const browser = await chromium.launch(launchOptions());
  const kilobytes: string[] = [];
  for (const layer of LAYERS) kilobytes.push(((await bytesOf(layer)) / 1000).toFixed(0));
  const rows = [
    { name: '**lines of the data layer**', cells: LAYERS.map((layer) => `**${linesOf(layer)}**`) },
    { name: 'the app’s scripts, minified, by brotli', cells: kilobytes.map((count) => `${count} kB`) },
  ];
  for (const situation of wanted) {
    const outcomes = await Promise.all(LAYERS.map((layer) => play(browser, layer, files.get(layer)!, situation)));
    const row = { name: situation.name, cells: outcomes.map(cell) };
    rows.push(row);
    console.error(`${row.name}\n${row.cells.map((text, at) => `  ${LAYERS[at]}: ${text}`).join('\n')}`);
  }
  const measured = [
    `Measured on ${new Date().toISOString().slice(0, 10)} in Chromium ${browser.version()}, with @tanstack/db ${OWN.devDependencies?.['@tanstack/db']}:`,
    '',
    table(LAYERS.map((layer) => TITLES[layer]), rows),
  ].join('\n');
  await browser.close();
  console.log(`\n${measured}`);
  if (given.includes('--write')) {
    const readme = readFileSync(pathOf('./README.md'), 'utf8');
    const [before = '', rest = ''] = readme.split(BEGIN);
    writeFileSync(pathOf('./README.md'), `${before}${BEGIN}\n${measured}\n${END}${rest.split(END)[1] ?? ''}`);
  }
  return 0;
}
