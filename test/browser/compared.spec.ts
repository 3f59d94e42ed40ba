import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { runCases, type Seen } from '../support/compared-cases.js';
import { createEchoServer, type Came } from '../support/echo-server.js';
import { expect, test } from '../support/fixtures.js';

const FORWARDS = `
addEventListener('install', () => skipWaiting());
addEventListener('activate', (event) => event.waitUntil(clients.claim()));
addEventListener('fetch', (event) => event.request.mode !== 'navigate' && event.respondWith(fetch(event.request)));`;

/** Each case has a lane and, where it says something of the whole server, a backend of its own, so that none is kept for another's sake. */
const HOLDFAST = `
importScripts('/holdfast-sw.js');
const backends = ['', '/hang', '/reset', '/status/503'].map((path) => ({ baseUrl: '/api' + path, lane: ({ url }) => url, retry: () => 3_600_000 }));
holdfast.install({ takeOver: true, backends });`;

/** What page and servers saw of each case, as one text for each fact. */
type Facts = Map<string, Map<string, string>>;

async function observed(page: Page, worker: string): Promise<Facts> {
  const afar = await createEchoServer('', null);
  const near = await createEchoServer(worker, afar.origin);
  try {
    await page.goto(near.origin);
    await page.evaluate(async () => {
      const taken = new Promise((resolve) => navigator.serviceWorker.addEventListener('controllerchange', resolve));
      await navigator.serviceWorker.register('/worker.js');
      await taken;
    });
    const seen = await page.evaluate(runCases);
    const plain = (text: string) => text.replaceAll(near.origin, 'NEAR').replaceAll(afar.origin, 'AFAR').replaceAll(near.origin.slice(7), 'NEAR').replaceAll(afar.origin.slice(7), 'AFAR');
    return new Map(Object.entries(seen).map(([name, one]) => [name, factsOf(one, near.came.filter((came) => came.case === name), afar.came.filter((came) => came.case === name), plain)]));
  } finally {
    for (const server of [near, afar]) server.close();
  }
}

function factsOf(seen: Seen, near: Came[], afar: Came[], plain: (text: string) => string): Map<string, string> {
  const facts = new Map<string, string>();
  const note = (what: string, value: unknown) => facts.set(what, plain(typeof value === 'string' ? value : JSON.stringify(value)));
  const isKept = JSON.stringify(seen['headers'] ?? '').includes('holdfast-entry');
  note('answer', isKept ? `our ${String(seen['status'])}` : (seen['error'] ?? seen['status'] ?? 'none'));
  if (!isKept) for (const [what, value] of Object.entries(seen)) if (what !== 'status' && what !== 'error') note(`answer’s ${what}`, JSON.stringify(value).replace(/\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT/g, 'DATE'));
  // A browser repeats a request by itself on a connection that breaks, if it had been open before.
  if (near[0]?.path.includes('reset')) near.splice(1);
  for (const [where, all] of [['', near], ['afar: ', afar]] as const) {
    note(`${where}sends`, all.length);
    for (const [index, { method, path, headers, body }] of all.entries()) {
      const of = `${where}${index + 1}: `;
      const [, boundary = '\0'] = /boundary=(.*)/.exec(Object.fromEntries(headers)['Content-Type'] ?? '') ?? [];
      note(`${of}line`, `${method} ${path}`);
      note(`${of}body`, body.replaceAll(boundary, 'BOUNDARY'));
      // The boundaries of Firefox are of different lengths.
      for (const [name, value] of headers) if (boundary === '\0' || name !== 'Content-Length') note(`${of}${name}`, value.replace(boundary, 'BOUNDARY'));
    }
  }
  return facts;
}

interface Difference {
  what: string;
  forwarded: string;
  holdfast: string;
}

const NONE = '–';

/** What differs in a case. Of writes that are made several times the first ones are compared. */
function differencesIn(forwarded: Map<string, string>, holdfast: Map<string, string>): Difference[] {
  const isKept = holdfast.get('answer') !== forwarded.get('answer');
  const names = [...new Set([...forwarded.keys(), ...holdfast.keys()])];
  return names.flatMap((name): Difference[] => {
    const [before = NONE, after = NONE] = [forwarded.get(name), holdfast.get(name)];
    const [, of, index, what] = /^(afar: )?(\d+): (.*)$/.exec(name) ?? [];
    const isComparable = index === undefined ? !(isKept && name.startsWith('answer’s')) : [forwarded, holdfast].every((facts) => facts.has(`${of ?? ''}${index}: line`));
    if (before === after || !isComparable) return [];
    // What browsers and chance make of the values doesn't matter where there's none on the other side.
    const isOneSided = before === NONE || after === NONE;
    const short = (value: string) => (isOneSided && value !== NONE ? '…' : value);
    return [{ what: what ?? name, forwarded: short(before), holdfast: short(after) }];
  });
}

/** A row of the table in docs/transparency.md. */
interface Row extends Record<'what' | 'forwarded' | 'holdfast' | 'cases', string[]> {
  text: string;
  /** `cases` are those in which there's no such difference. */
  isAllBut: boolean;
}

const codes = (cell: string): string[] => (cell === NONE ? [NONE] : [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code!));

/** The rows that hold in a browser: "in Firefox" in a cell says that the rest of the cell is for Firefox, at its start that the row is. */
async function documented(browser: string): Promise<Row[]> {
  const docs = await readFile(new URL('../../docs/transparency.md', import.meta.url), 'utf8');
  const lines = docs.split('\n').filter((line) => line.startsWith('| `'));
  return lines.flatMap((text): Row[] => {
    const [what = '', forwarded = '', holdfast = '', where = ''] = text.split('|').slice(1).map((cell) => cell.trim());
    const parts = where.split(/(?=\bin (?:Chromium|Firefox)\b)/).filter((part) => !/^in (Chromium|Firefox)\b/.test(part) || part.toLowerCase().startsWith(`in ${browser}`));
    if (parts.length === 0) return [];
    return [{ text, what: codes(what), forwarded: codes(forwarded), holdfast: codes(holdfast), cases: codes(parts.join('')), isAllBut: where.includes('all but') }];
  });
}

const fits = (glob: string, name: string): boolean => new RegExp(`^${glob.replaceAll('*', '.*')}$`).test(name);

test('C15 page and server see the same as through a worker that only forwards, but for what the docs list', async ({ page, context, browserName }) => {
  // A hundred requests, twice.
  test.setTimeout(60_000);
  // Firefox takes long to open a page of its own; the tests of this file have the same one there.
  const other = browserName === 'chromium' ? await context.newPage() : page;
  const first = observed(page, FORWARDS);
  if (other === page) await first;
  const [forwarded, holdfast] = await Promise.all([first, observed(other, HOLDFAST)]);

  const rows = await documented(browserName);
  const isIn = ({ cases, isAllBut }: Row, name: string) => cases.some((glob) => fits(glob, name)) !== isAllBut;
  /** What was found for each row: what differs, what it was, in which case. */
  const found = new Map<Row, [what: string, forwarded: string, name: string][]>(rows.map((row) => [row, []]));
  const undocumented: string[] = [];
  for (const [name, facts] of forwarded) {
    for (const difference of differencesIn(facts, holdfast.get(name)!)) {
      const { what, forwarded: before, holdfast: after } = difference;
      // Whether a request gets out before the page gives it up in the same breath is chance, with either worker.
      if (name === 'abort at once' && what === 'sends') continue;
      const row = rows.find((one) => one.what.includes(what) && one.forwarded.includes(before) && one.holdfast.includes(after) && isIn(one, name));
      if (row) found.get(row)!.push([what, before, name]);
      else undocumented.push(`${name}: ${what}: ${before} → ${after}`);
    }
  }
  expect(undocumented).toEqual([]);

  const isSentByBoth = (name: string) => [forwarded, holdfast].every((facts) => facts.get(name)!.has('1: line'));
  for (const [row, differences] of found) {
    const cases = row.isAllBut ? [...forwarded.keys()].filter((name) => isSentByBoth(name) && isIn(row, name)) : row.cases;
    const missing = [
      ...row.what.filter((what) => !differences.some((one) => one[0] === what)),
      ...row.forwarded.filter((before) => !differences.some((one) => one[1] === before)),
      ...cases.filter((glob) => !differences.some((one) => fits(glob, one[2]))),
    ];
    expect(missing, `no such difference: ${row.text}`).toEqual([]);
  }
});
