import type { WriteResult } from './api.js';
import { change } from './changes.js';
import { byId, icon, make, setText } from './dom.js';
import { samplePhoto, thumbOf } from './photo.js';
import { session, sessionTrouble } from './session.js';
import type { Report } from './types.js';

const EXAMPLES: Pick<Report, 'title' | 'place' | 'severity' | 'note'>[] = [
  { title: 'Crack in the road surface', place: 'Mill Bridge, west side', severity: 'high', note: '3 m long, opens at the edge.' },
  { title: 'Street lamp out', place: 'Harbour Lane 12', severity: 'low', note: 'Flickers, then off.' },
  { title: 'Guard rail bent', place: 'Lane 7, km 4.1', severity: 'medium', note: 'Two posts loose.' },
  { title: 'Drain cover missing', place: 'School yard', severity: 'high', note: 'Put a cone on it.' },
  { title: 'Tree leans on the fence', place: 'North gate', severity: 'medium', note: '' },
];

const form = byId<HTMLFormElement>('new-report');
const file = byId<HTMLInputElement>('photo');
const note = byId('form-note');
let photo: Blob | null = null;
let thumb: string | null = null;
let nextExample = 0;

const field = (name: string) => form.elements.namedItem(name) as HTMLInputElement;

export function startReportForm(): void {
  file.addEventListener('change', () => void choose(file.files?.[0] ?? null));
  byId('sample-photo').addEventListener('click', () => void useSample());
  byId('example').addEventListener('click', () => {
    fill(EXAMPLES[nextExample++ % EXAMPLES.length]!);
    void useSample();
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void submit();
  });
}

async function useSample(): Promise<void> {
  file.value = '';
  await choose(await samplePhoto());
}

async function choose(picture: Blob | null): Promise<void> {
  photo = picture;
  const made = picture && (await thumbOf(picture));
  // Another one was chosen while this one was drawn.
  if (photo !== picture) return;
  thumb = made;
  showPreview();
}

function showPreview(): void {
  const picture = make('img');
  if (thumb) Object.assign(picture, { src: thumb, alt: 'The chosen photo' });
  byId('photo-preview').replaceChildren(thumb ? picture : icon('photo'));
}

function fill(report: Pick<Report, 'title' | 'place' | 'severity' | 'note'>): void {
  for (const name of ['title', 'place', 'severity', 'note'] as const) field(name).value = report[name];
}

function clear(): void {
  form.reset();
  photo = null;
  thumb = null;
  showPreview();
}

async function submit(): Promise<void> {
  const mine = session();
  if (!mine) return setText(note, 'Sign in first: the server wants to know who writes.');
  setText(note, '');
  const report = readReport(mine.user);
  const [sent, sentThumb] = [photo, thumb];
  clear();
  field('title').focus();
  const wanted = { id: report.ref!, title: report.title, kind: 'create', report, thumb: sentThumb } as const;
  const result = await change(wanted, sent);
  if (result.kind === 'delivered' || result.kind === 'queued') return;
  setText(note, `Not saved: ${whyNot(result)}.`);
  // Nobody should have to write it twice.
  if (field('title').value === '') {
    fill(report);
    await choose(sent);
  }
}

function whyNot(result: WriteResult): string {
  if (result.kind !== 'refused') return "it couldn't be sent";
  if (result.status === 401 && sessionTrouble() === 'lapsed') return 'your session has ended. Sign in, and save it again';
  if (result.status === 403 && sessionTrouble() === 'stale') return "the page's CSRF token is stale. Get a new one, and save it again";
  return `the server refused it (${result.status})`;
}

function readReport(author: string): Report {
  const ref = `report-${crypto.randomUUID()}`;
  return {
    id: ref,
    ref,
    title: field('title').value.trim() || 'Untitled',
    place: field('place').value.trim(),
    severity: field('severity').value as Report['severity'],
    note: field('note').value.trim(),
    done: false,
    hasPhoto: photo !== null,
    author,
    writtenAt: Date.now(),
  };
}
