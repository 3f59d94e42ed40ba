import type { Photo, Report, ReportBook } from './reports.js';

const MINUTE = 60_000;

type Seed = Pick<Report, 'title' | 'place' | 'severity' | 'note' | 'done' | 'author'> & { age: number; picture: string };

const SEEDS: Seed[] = [
  {
    title: 'Loose handrail, east stair',
    place: 'Mill Bridge',
    severity: 'high',
    note: 'Two anchors are out. Taped off.',
    done: false,
    author: 'mara',
    age: 42 * MINUTE,
    picture: `
      <rect width="96" height="96" fill="#c9d9e2"/><path d="M0 58l30-14 26 9 40-17v60H0z" fill="#8fa7a0"/>
      <path d="M0 96V74h20V62h20V50h20V38h36v58z" fill="#6f7477"/><path d="M0 74h20V62h20V50h20V38h36" fill="none" stroke="#565b5e" stroke-width="3"/>
      <path d="M10 74V46m20 16V34m20 16V22m24 16l7-25" stroke="#e8b64c" stroke-width="4"/><path d="M6 48l48-29 30-8" fill="none" stroke="#e8b64c" stroke-width="5"/>`,
  },
  {
    title: 'Blocked culvert',
    place: 'Lane 7, km 2.4',
    severity: 'medium',
    note: 'Branches and gravel. Water stands at 20 cm.',
    done: false,
    author: 'joon',
    age: 95 * MINUTE,
    picture: `
      <rect width="96" height="96" fill="#dfe5d3"/><path d="M0 34q40-16 96-4v66H0z" fill="#8c9a6b"/><circle cx="50" cy="56" r="25" fill="#9a9488"/>
      <circle cx="50" cy="56" r="18" fill="#35393a"/><path d="M0 70q26-9 50-2t46-3v31H0z" fill="#5f8fa6"/>
      <path d="M30 72l34-22M38 52l24 20M44 74l8-28" stroke="#6b4a2f" stroke-width="4" stroke-linecap="round"/>`,
  },
  {
    title: 'Sign post repainted',
    place: 'North gate',
    severity: 'low',
    note: '',
    done: true,
    author: 'mara',
    age: 26 * 60 * MINUTE,
    picture: `
      <rect width="96" height="96" fill="#f0d9bd"/><circle cx="74" cy="24" r="11" fill="#f7f1e3"/><path d="M0 66l34-20 22 12 40-18v56H0z" fill="#a9795a"/>
      <path d="M46 90V26" stroke="#4d4038" stroke-width="5"/><path d="M22 22h44l12 10-12 10H22z" fill="#2f6b5b"/><path d="M30 32h32" stroke="#f7f1e3" stroke-width="4"/>`,
  },
];

export function seedBook(now = Date.now()): ReportBook {
  const reports = new Map<string, Report>();
  const photos = new Map<string, Photo>();
  for (const [index, { age, picture, ...seed }] of SEEDS.entries()) {
    const id = `seed-${index + 1}`;
    reports.set(id, { ...seed, id, ref: null, hasPhoto: true, writtenAt: now - age, receivedAt: now - age });
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96" width="192" height="192">${picture}</svg>`;
    photos.set(id, { type: 'image/svg+xml', bytes: svg });
  }
  return { reports, photos };
}
