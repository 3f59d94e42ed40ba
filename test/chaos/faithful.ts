import { bodyOf, type Op } from './op.js';

interface Got {
  body: Buffer;
  headers: Record<string, string | string[] | undefined>;
}

/** Whether what the server got is what the page gave to `fetch`, byte for byte, under the same type. */
export async function isFaithful(op: Op, got: Got): Promise<boolean> {
  const type = String(got.headers['content-type'] ?? '');
  // The boundary is the browser's own choice, so a form is compared by what it says.
  if (op.kind === 'form') return sameForm(bodyOf(op) as FormData, got.body, type);
  const sent = new Response(bodyOf(op));
  const wanted = op.kind === 'json' ? 'application/json' : (sent.headers.get('content-type') ?? '');
  return type === wanted && got.body.equals(Buffer.from(await sent.arrayBuffer()));
}

async function sameForm(sent: FormData, body: Buffer, type: string): Promise<boolean> {
  const got = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData().catch(() => new FormData());
  const [told, said] = await Promise.all([sent, got].map(describe));
  return told === said;
}

async function describe(form: FormData): Promise<string> {
  const fields: unknown[] = [];
  for (const [name, value] of form) {
    if (typeof value === 'string') fields.push([name, value]);
    else fields.push([name, value.name, value.type, Buffer.from(await value.arrayBuffer()).toString('base64')]);
  }
  return JSON.stringify(fields);
}
