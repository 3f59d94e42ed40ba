import { Hono } from 'hono';
import type { DemoEnv } from './env.js';

export const SEVERITIES = ['low', 'medium', 'high'] as const;

export interface Report {
  id: string;
  /** The writer's own name for it, so that it can be told from what still waits on the device. */
  ref: string | null;
  title: string;
  place: string;
  severity: (typeof SEVERITIES)[number];
  note: string;
  done: boolean;
  hasPhoto: boolean;
  author: string;
  /** When it was written in the field, which may be long before it came here. */
  writtenAt: number;
  receivedAt: number;
}

export interface Photo {
  type: string;
  bytes: ArrayBuffer | string;
}

export interface ReportBook {
  reports: Map<string, Report>;
  photos: Map<string, Photo>;
}

const PHOTO_LIMIT = 12 * 1024 * 1024;
const KEPT = 300;

export function reportRoutes({ reports, photos }: ReportBook): Hono<DemoEnv> {
  return new Hono<DemoEnv>()
    .get('/', (c) => c.json([...reports.values()].sort((a, b) => b.writtenAt - a.writtenAt)))
    .post('/', async (c) => {
      if ((await c.req.arrayBuffer()).byteLength > PHOTO_LIMIT) return c.json({ code: 'photo_too_large' }, 413);
      const form = await c.req.formData().catch(() => null);
      const title = text(form, 'title');
      if (!form || title === '') return c.json({ code: 'title_missing' }, 422);
      c.set('about', title);
      const photo = form.getAll('photo').find((part) => part instanceof File && part.size > 0) as File | undefined;
      const report: Report = {
        id: crypto.randomUUID(),
        ref: text(form, 'ref') || null,
        title,
        place: text(form, 'place'),
        severity: SEVERITIES.find((one) => one === form.get('severity')) ?? 'low',
        note: text(form, 'note'),
        done: false,
        hasPhoto: photo !== undefined,
        author: c.get('user'),
        writtenAt: Number(text(form, 'writtenAt')) || Date.now(),
        receivedAt: Date.now(),
      };
      if (photo) photos.set(report.id, { type: photo.type, bytes: await photo.arrayBuffer() });
      reports.set(report.id, report);
      forgetOldest({ reports, photos });
      return c.json(report, 201);
    })
    // A merge patch (RFC 7396) of the one field that may be changed.
    .patch('/:id', async (c) => {
      const report = reports.get(c.req.param('id'));
      if (!report) return c.json({ code: 'no_such_report' }, 404);
      c.set('about', report.title);
      const { done } = await c.req.json<{ done?: unknown }>().catch(() => ({ done: null }));
      if (typeof done !== 'boolean') return c.json({ code: 'done_missing' }, 422);
      report.done = done;
      return c.json(report);
    })
    .delete('/:id', (c) => {
      const report = reports.get(c.req.param('id'));
      if (!report) return c.json({ code: 'no_such_report' }, 404);
      c.set('about', report.title);
      reports.delete(report.id);
      photos.delete(report.id);
      return c.body(null, 204);
    })
    .get('/:id/photo', (c) => {
      const photo = photos.get(c.req.param('id'));
      if (!photo) return c.json({ code: 'no_such_photo' }, 404);
      // An uploaded file may call itself anything; shown by itself, it must not act as a page of ours.
      const type = /^image\/[\w.+-]+$/.test(photo.type) ? photo.type : 'application/octet-stream';
      return c.body(photo.bytes as ArrayBuffer, 200, {
        'Content-Type': type,
        'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        'X-Content-Type-Options': 'nosniff',
      });
    });
}

const text = (form: FormData | null, name: string): string => {
  const value = form?.get(name);
  return typeof value === 'string' ? value.trim().slice(0, 2_000) : '';
};

function forgetOldest({ reports, photos }: ReportBook): void {
  const [oldest] = reports.keys();
  if (reports.size <= KEPT || oldest === undefined) return;
  reports.delete(oldest);
  photos.delete(oldest);
}
