import { describe, expect, test } from 'vitest';
import { bodyWith, urlWith, type RealId } from '../../sw/policy/temporary-ids.js';

const ids: Record<string, RealId> = { 'temp-42': { id: 'n 7/ö' }, 'temp-1': { id: '12345678901234567890', isNumber: true }, 'a"b': { id: '9' } };
const replace = (token: string) => ids[token] ?? null;
const bytesOf = (text: string) => new TextEncoder().encode(text).buffer;
const made = (text: string, type: string) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bodyWith(bytesOf(text), type, replace));
const json = (text: string) => made(text, 'application/json; charset=utf-8');

describe('a URL', () => {
  test.each([
    ['https://x.example/notes/temp-42', 'https://x.example/notes/n%207%2F%C3%B6'],
    ['https://x.example/notes/temp%2D42/tags/temp-1?a=temp-42&b=temp-1#temp-42', 'https://x.example/notes/n%207%2F%C3%B6/tags/12345678901234567890?a=n%207%2F%C3%B6&b=12345678901234567890#temp-42'],
    ['https://x.example/?ids[]=temp-1&ids[]=temp-42x', 'https://x.example/?ids[]=12345678901234567890&ids[]=temp-42x'],
  ])('M2 %s has whole segments and query values replaced', (given, expected) => expect(urlWith(given, replace)).toBe(expected));

  test.each([
    'https://temp-42/notes',
    'https://x.example/notes/temp-421/my-temp-42',
    'https://x.example/notes/temp-42.json?temp-42=1&q=%zz&filter=id:temp-42&a=b=temp-42',
    'https://x.example/a%20b/?q=a+b&&=',
  ])('M2 %s stays as it was, byte for byte', (url) => expect(urlWith(url, replace)).toBe(url));
});

describe('JSON', () => {
  test('M2 strings that equal the temporary id are replaced, and every other byte stays', () => {
    const given = '\uFEFF{ "z":12345678901234567890,\n\t"a" : [ "temp-42" ,"temp-421", "x temp-42", 1.0e+2 ],"note":"temp-1", "t\\u0065mp":"t\\u0065mp-42","q":"\\"temp-42\\"","w":"a\\"b" }\r\n';
    expect(json(given)).toBe(given.replace('[ "temp-42"', '[ "n 7/ö"').replace('"note":"temp-1"', '"note":12345678901234567890').replace('"t\\u0065mp-42"', '"n 7/ö"').replace('"a\\"b"', '"9"'));
  });

  test('M2 the name of a field is replaced too, and stays a string', () => expect(json('{"temp-1" :{"temp-1":"temp-1"}}')).toBe('{"12345678901234567890" :{"12345678901234567890":12345678901234567890}}'));

  test('M2 lines of JSON and what is broken off are read as far as they go', () => {
    expect(made('{"a":"temp-42"}\n{"a":"temp', 'application/x-ndjson+json')).toBe('{"a":"n 7/ö"}\n{"a":"temp');
    expect(json('"\\')).toBe('"\\');
  });

  test('M2 a long string is no trouble', () => {
    const long = 'x'.repeat(8_000_000);
    expect(json(`["${long}","\\n${long}","temp-42"]`).endsWith('"n 7/ö"]')).toBe(true);
  });

  test('M2 bytes that are no UTF-8 stay the very same', () => {
    const bytes = Uint8Array.of(0x22, 0xff, 0x22).buffer;
    expect(bodyWith(bytes, 'application/json', replace)).toBe(bytes);
  });
});

test('M2 a form has values replaced', () =>
  expect(made('note=temp-42&temp-42=x&b=&c&d=a+temp-42&e=temp%2D1', 'application/x-www-form-urlencoded;charset=UTF-8')).toBe('note=n%207%2F%C3%B6&temp-42=x&b=&c&d=a+temp-42&e=12345678901234567890'));

test('M2 text of another type stays, and so does a body with nothing to replace', () => {
  expect(made('temp-42', 'text/plain')).toBe('temp-42');
  for (const type of ['application/json', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
    const bytes = bytesOf('{"a":1}');
    expect(bodyWith(bytes, type, replace)).toBe(bytes);
  }
});

test('M2 a multipart form has whole text fields and JSON parts replaced, and its files stay byte for byte', async () => {
  const form = new FormData();
  form.append('note', 'temp-42');
  form.append('title', 'about temp-42 ö');
  form.append('meta', new Blob(['{"of":"temp-1"}'], { type: 'application/json' }));
  form.append('file', new Blob([Uint8Array.of(0x80, 0x0d, 0x0a, 0xff, 0)]), 'temp-42');
  form.append('text', new Blob(['temp-42']), 'a.txt');
  form.append('last', 'temp-42');
  const given = new Response(form);
  const type = given.headers.get('content-type')!;
  const bytes = bodyWith(await given.arrayBuffer(), type, replace);
  const got = await new Response(bytes, { headers: { 'content-type': type } }).formData();
  expect([got.get('note'), got.get('title'), got.get('last')]).toEqual(['n 7/ö', 'about temp-42 ö', 'n 7/ö']);
  expect(await (got.get('meta') as File).text()).toBe('{"of":12345678901234567890}');
  expect((got.get('file') as File).name).toBe('temp-42');
  expect([...new Uint8Array(await (got.get('file') as File).arrayBuffer())]).toEqual([0x80, 0x0d, 0x0a, 0xff, 0]);
  expect(await (got.get('text') as File).text()).toBe('temp-42');
});
