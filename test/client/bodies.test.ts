import { describe, expect, test } from 'vitest';
import { comparedFields, shownVersion } from '../../client/bodies/compared-bodies.js';
import { editableBody } from '../../client/bodies/editable-body.js';
import { maskJson, unmaskJson } from '../../client/bodies/masked-json.js';
import { showBody } from '../../client/bodies/shown-body.js';
import { MASK } from '../../sw/policy/secrets.js';

const bytes = (content: string) => new TextEncoder().encode(content).buffer;
const shown = (content: string, contentType: string | null = 'application/json', truncated = false) =>
  showBody({ bytes: bytes(content), contentType, truncated });
const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl';

describe('V5 a body as a person sees it', () => {
  test('V5 JSON is indented, with its secrets masked at any depth', async () => {
    const body = await shown(JSON.stringify({ name: 'ann', password: 'pw', deep: [{ refreshToken: { a: 1 }, note: JWT }] }));
    expect(body.kind).toBe('json');
    expect(JSON.parse((body as { text: string }).text)).toEqual({ name: 'ann', password: MASK, deep: [{ refreshToken: MASK, note: MASK }] });
  });

  test('V5 the fields of a URL-encoded form are shown with their secrets masked', async () => {
    expect(await shown('name=ann+b&password=pw', 'application/x-www-form-urlencoded;charset=utf-8')).toEqual({
      kind: 'form',
      fields: [{ name: 'name', value: 'ann b' }, { name: 'password', value: MASK }],
    });
  });

  test('a multipart form is shown by its fields, and each of its files by name, type and size', async () => {
    const form = new FormData();
    form.append('title', 'tree');
    form.append('photo', new File(['1234'], 'tree.png', { type: 'image/png' }));
    const request = new Request('https://x.example', { method: 'POST', body: form });
    const contentType = request.headers.get('content-type');
    expect(await showBody({ bytes: await request.arrayBuffer(), contentType, truncated: false })).toEqual({
      kind: 'form',
      fields: [{ name: 'title', value: 'tree' }, { name: 'photo', value: 'tree.png (image/png, 4 B)' }],
    });
  });

  test('V5 JSON that breaks off is shown as text, with its secrets masked', async () => {
    expect(await shown('{"password":"a\\"b","title":"x","token":"abc', 'application/json', true)).toEqual({
      kind: 'text',
      text: `{"password":"${MASK}","title":"x","token":"${MASK}"`,
    });
  });

  test('a body that isn’t text is shown as bytes, and a text whose last character is cut in two is still text', async () => {
    expect(await showBody({ bytes: new Uint8Array([0xff, 0, 1]).buffer, contentType: null, truncated: false })).toMatchObject({ kind: 'bytes' });
    expect(await shown('a\0b', 'text/plain')).toMatchObject({ kind: 'bytes' });
    expect(await showBody({ bytes: bytes('aä').slice(0, 2), contentType: null, truncated: true })).toEqual({ kind: 'text', text: 'a' });
    expect(await shown('7', 'application/json')).toEqual({ kind: 'text', text: '7' });
  });

  test.each([
    ['a number', '{"pin_token": 1234, "a": 1', `{"pin_token": "${MASK}", "a": 1`],
    ['an object', '{"secrets":{"a":"x","b":["y"]},"a":1', `{"secrets":"${MASK}","a":1`],
    ['an object that breaks off within', '{"a":1,"secrets":{"a":"x","b":["y"', `{"a":1,"secrets":"${MASK}"`],
    ['a string that breaks off in an escape', '{"password":"x\\', `{"password":"${MASK}"`],
    ['a string with marks in it', '{"password":"}],\\"x","a":"y', `{"password":"${MASK}","a":"y`],
  ])('V5 in JSON that breaks off, a secret is masked that’s %s', async (_, text, masked) =>
    expect(await shown(text, 'application/json', true)).toEqual({ kind: 'text', text: masked }),
  );

  test.each<[string, string | Uint8Array<ArrayBuffer>, string | null]>([
    ['JSON that’s sent as a form', '{"password":"hunter2"}', 'application/x-www-form-urlencoded'],
    ['JSON in a form’s field', 'payload=%7B%22password%22%3A%22hunter2%22%7D', 'application/x-www-form-urlencoded'],
    ['JSON in JSON', '{"b":"{\\"password\\":\\"hunter2\\"}"}', 'application/json'],
    ['a URL in JSON', '{"cb":"https://x.example/?access_token=hunter2"}', 'application/json'],
    ['the name of a form’s field', `${JWT}=1`, 'application/x-www-form-urlencoded'],
    ['a name in JSON', JSON.stringify({ [JWT]: 1 }), 'application/json'],
    ['a query as text', 'user=a&password=hunter2', 'text/plain'],
    ['JSON that’s cut off, whose name has an escape', '{"p\\u0061ssword":"hunter2","a":"', 'text/plain'],
    ['a token behind an escape', `{"log":"a\\n${JWT}`, 'text/plain'],
    ['text that isn’t UTF-8', Uint8Array.from('{"name":"Jos\xe9","password":"hunter2"}', (unit) => unit.charCodeAt(0)), 'application/json'],
    ['JSON that’s too deep', `${'['.repeat(20_000)}{"password":"hunter2"}${']'.repeat(20_000)}`, 'application/json'],
  ])('V5 a secret is masked in %s', async (_, content, contentType) => {
    const body = await showBody({ bytes: typeof content === 'string' ? bytes(content) : content.buffer, contentType, truncated: false });
    const seen = body.kind === 'bytes' ? new TextDecoder('latin1').decode(body.bytes) : JSON.stringify(body);
    expect(seen).not.toMatch(/hunter2|eyJhbGci/);
    expect(seen).toContain(MASK);
  });

  test.each([
    ['JSON in JSON', `{"payload":"[${'{\\"name\\":\\"abc\\",'.repeat(30_000)}`],
    ['escaped quotes', '\\"'.repeat(250_000)],
    ['quotes', '"'.repeat(500_000)],
    ['beginnings of tokens', '-eyJ'.repeat(125_000)],
    ['question marks', '?'.repeat(500_000)],
    ['schemes', 'a://'.repeat(125_000)],
    ['secrets', '"token":1,'.repeat(20_000)],
  ])('V5 half a megabyte of %s is masked in time', async (_, text) => expect((await shown(text, 'text/plain', true)).kind).toBe('text'));

  test('V5 three thousand records are unmasked in time', () => {
    const records = Array.from({ length: 3000 }, (_, id) => ({ id, token: `t${id}` }));
    expect(unmaskJson((maskJson(records) as unknown[]).slice(1), records)).toEqual(records.slice(1));
  });

  test('V5 secrets are masked in each of several lines of JSON', async () =>
    expect(await shown('{"password":"a"}\n{"password":"b"}\n', 'application/x-ndjson')).toEqual({ kind: 'text', text: `{"password":"${MASK}"}\n{"password":"${MASK}"}\n` }),
  );

  test('V5 of a multipart form that breaks off, the whole parts are shown, with their secrets masked', async () => {
    const form = new FormData();
    form.append('password', 'pw-s3cret');
    form.append('title', 'tree');
    form.append('note', 's3cret that breaks off');
    const request = new Request('https://x.example', { method: 'POST', body: form });
    const contentType = request.headers.get('content-type');
    const start = (await request.arrayBuffer()).slice(0, -60);
    expect(await showBody({ bytes: start, contentType, truncated: true })).toEqual({
      kind: 'form',
      fields: [{ name: 'password', value: MASK }, { name: 'title', value: 'tree' }],
    });
    expect(await showBody({ bytes: start.slice(0, 20), contentType, truncated: true })).toEqual({ kind: 'form', fields: [] });
    expect(await showBody({ bytes: start, contentType, truncated: false })).toEqual({ kind: 'form', fields: [] });
  });
});

describe('V5 a masked value in JSON that a person has edited', () => {
  const original = { name: 'ann', password: 'pw', list: [{ id: 1, token: 'x' }, { id: 2, token: 'y' }, { id: 3, token: 'z' }], note: JWT, jwt: null };
  type Shown = typeof original;
  const edited = (change: (shown: Shown) => void) => {
    const shown = maskJson(original) as Shown;
    change(shown);
    return unmaskJson(shown, original);
  };

  test('V5 a masked value comes back under its name at any depth, when another value is edited', () => {
    expect(edited((shown) => (shown.name = 'bob'))).toEqual({ ...original, name: 'bob' });
    expect(edited(() => {})).toEqual(original);
  });

  test('V5 masked values come back in a list of which an element was removed, inserted or moved', () => {
    const [one, two, three] = original.list;
    expect(edited(({ list }) => list.splice(0, 1))).toEqual({ ...original, list: [two, three] });
    expect(edited(({ list }) => list.unshift({ id: 0, token: 'new' }))).toEqual({ ...original, list: [{ id: 0, token: 'new' }, one, two, three] });
    expect(edited(({ list }) => list.reverse())).toEqual({ ...original, list: [three, two, one] });
  });

  test('V5 a masked value comes back in the one element of a list that was changed', () => {
    expect(edited(({ list }) => (list[1]!.id = 7))).toEqual({ ...original, list: [original.list[0], { id: 7, token: 'y' }, original.list[2]] });
  });

  test.each<[string, (shown: Shown) => void]>([
    ['two elements were changed, which may have changed places', ({ list }) => list.splice(0, 2, { id: 8, token: MASK }, { id: 9, token: MASK })],
    ['one element was changed and another removed', ({ list }) => list.splice(0, 2, { id: 9, token: MASK })],
    ['its name is new', (shown) => Object.assign(shown, { other: MASK })],
    ['the original value wasn’t masked', (shown) => (shown.name = MASK)],
    ['there was no original value', (shown) => Object.assign(shown, { jwt: MASK })],
    ['more text stands beside the mask', (shown) => (shown.password = `${MASK}x`)],
    ['the list around it has become an object', (shown) => Object.assign(shown, { list: { token: MASK } })],
  ])('V5 a masked value is refused where %s', (_, change) => expect(() => edited(change)).toThrow(TypeError));

  test('V5 records of an object that were renamed get their masked values back by their other values', () => {
    const records = { a: { id: 1, token: 'A' }, b: { id: 2, token: 'B' } };
    expect(unmaskJson({ a: { id: 2, token: MASK } }, records)).toEqual({ a: { id: 2, token: 'B' } });
    expect(unmaskJson({ b: { token: MASK, id: 1 }, a: { id: 2, token: MASK } }, records)).toEqual({ a: records.b, b: records.a });
    expect(unmaskJson({ a: { id: 9, token: MASK }, b: { id: 2, token: MASK }, c: [1] }, { ...records, c: [] })).toEqual({ a: { id: 9, token: 'A' }, b: records.b, c: [1] });
    expect(() => unmaskJson({ a: { id: 9, token: MASK } }, records)).toThrow(TypeError);
    expect(() => unmaskJson({ a: { id: 8, token: MASK }, b: { id: 9, token: MASK } }, records)).toThrow(TypeError);
  });

  test('V5 elements of a list get their masked values back in whatever order their names stand', () => {
    const records = [{ id: 1, token: 'A' }, { id: 2, token: 'B' }];
    expect(unmaskJson([{ token: MASK, id: 2 }, { token: MASK, id: 2 }], records)).toEqual([records[1], records[1]]);
  });

  test('V5 of elements that look alike and hide different values none may be removed, as nobody can tell which is gone', () => {
    const alike = [{ token: 'x' }, { token: 'y' }];
    expect(() => unmaskJson([{ token: MASK }], alike)).toThrow(TypeError);
    expect(unmaskJson([{ token: MASK }, { token: MASK }], alike)).toEqual(alike);
    expect(() => unmaskJson([{ x: 1 }, { token: MASK }], alike)).toThrow(TypeError);
    expect(() => unmaskJson([{ token: MASK }, { y: 1 }], alike)).toThrow(TypeError);
    expect(unmaskJson([{ token: MASK }], [{ token: 'x' }, { token: 'x' }])).toEqual([{ token: 'x' }]);
  });
});

describe('a body that’s edited', () => {
  const editable = (content: string, contentType: string | null = 'application/json', truncated = false) =>
    editableBody({ bytes: bytes(content), contentType, truncated, size: content.length });

  test('JSON is indented and printed anew, and its secrets are put back', () => {
    const body = editable('{"title":"long","password":"pw"}')!;
    expect(JSON.parse(body.text)).toEqual({ title: 'long', password: MASK });
    expect(body.text).toContain('\n  ');
    expect(body.bodyOf(body.text.replace('long', 'short'))).toBe('{"title":"short","password":"pw"}');
    expect(() => body.bodyOf('{"title":')).toThrow(SyntaxError);
    expect(() => body.bodyOf(`{"name":"${MASK}"}`)).toThrow(TypeError);
  });

  test.each([
    ['a number with more digits than JavaScript keeps', '{"id":12345678901234567890,"a":1}'],
    ['a fraction that is rounded', '{"id":0.12345678901234567890,"a":1}'],
    ['a name that stands twice', '{"a":1,"a":1}'],
    ['a zero below zero', '{"balance":-0,"a":1}'],
    ['whole numbers for names, out of order', '{"2":0,"1":0,"a":1}'],
  ])('JSON with %s stays as it’s written', (_, text) => {
    const body = editable(text)!;
    expect(body.text).toBe(text);
    const edited = text.replace(/"a":1/g, '"a": 2');
    expect(body.bodyOf(edited)).toBe(edited);
  });

  test.each(['{"a":1.0,"b":1e3,"c":-0.50,"d":100,"e":0,"f":"\\u00e4\\/"}', '[true,null,false,[],{}]'])('JSON is indented for editing: %s', (text) =>
    expect(editable(text)!.text).toContain('\n'),
  );

  test('a number that’s too long for JavaScript is kept when a person types it, and refused in JSON that has a secret', () => {
    expect(editable('{"id":1}')!.bodyOf('{"id":12345678901234567890}')).toBe('{"id":12345678901234567890}');
    expect(() => editable('{"id":1,"token":"x"}')!.bodyOf(`{"id":12345678901234567890,"token":"${MASK}"}`)).toThrow(TypeError);
  });

  test('text keeps its line ends, though a text field has but one kind', () => {
    const body = editable('a\r\nb\r\n', 'text/plain')!;
    expect(body.text).toBe('a\nb\n');
    expect(body.bodyOf('a\nc\n')).toBe('a\r\nc\r\n');
    expect(editable('a\nb', 'text/plain')!.bodyOf('a\nc')).toBe('a\nc');
    expect(editable('\ufeffa', 'text/plain')!.text).toBe('\ufeffa');
  });

  test('an entry without a body may be given one', () => expect(editableBody(null)!.bodyOf('new')).toBe('new'));

  test.each<[string, string, string, boolean?]>([
    ['the beginning of a body', 'a', 'text/plain', true],
    ['bytes', 'a\0', 'application/octet-stream'],
    ['a multipart form', 'a', 'multipart/form-data; boundary=x'],
    ['several kinds of line ends', 'a\r\nb\n', 'text/plain'],
    ['a form with a secret', 'name=ann&password=pw', 'application/x-www-form-urlencoded'],
    ['lines of JSON with a secret', '{"password":"a"}\n{"password":"b"}', 'application/x-ndjson'],
    ['text with a token', `it's ${JWT}`, 'text/plain'],
    ['a form with a secret in a field', 'payload=%7B%22password%22%3A%22x%22%7D', 'application/x-www-form-urlencoded'],
    ['text with a secret in a query', 'user=a&password=x', 'text/plain'],
    ['JSON with a secret for a name', JSON.stringify({ [JWT]: 1 }), 'application/json'],
    ['JSON that’s too deep', '['.repeat(20_000) + ']'.repeat(20_000), 'application/json'],
    ['JSON with a secret and a number that would change', '{"id":12345678901234567890,"token":"x"}', 'application/json'],
  ])('%s can’t be edited', (_, content, type, truncated) => expect(editable(content, type, truncated)).toBeNull());

  test('a form without secrets is edited as text', () => expect(editable('name=ann', 'application/x-www-form-urlencoded')!.text).toBe('name=ann'));
});

describe('M6 two versions of a body', () => {
  const version = (content: string, truncated = false) => ({ bytes: bytes(content), contentType: 'application/json', truncated });
  const compared = (mine: string, theirs: string) => comparedFields(version(mine), version(theirs))?.map(({ name, mine: ours, theirs: others, isSame }) => [name, ours, others, isSame]);

  test('M6 are compared field by field, in the order of mine', () => {
    expect(compared('{"b":1,"a":"x","c":{"d":1,"e":2}}', '{"a":"y","n":null,"b":1,"c":{"e":2,"d":1}}')).toEqual([
      ['b', '1', '1', true],
      ['a', 'x', 'y', false],
      ['c', '{\n "d": 1,\n "e": 2\n}', '{\n "e": 2,\n "d": 1\n}', true],
      ['n', null, 'null', false],
    ]);
  });

  test('M6 V5 secrets are masked, and differ all the same', () => {
    expect(compared(`{"password":"a","note":"${JWT}"}`, '{"password":"b"}')).toEqual([['password', MASK, MASK, false], ['note', MASK, null, false]]);
  });

  test.each([
    ['text', 'no', '{}'],
    ['a list', '{}', '[1]'],
    ['a number with more digits than JavaScript keeps', '{"a":12345678901234567890}', '{"a":12345678901234567891}'],
    ['more than 64 KiB', '{}', JSON.stringify({ a: 'x'.repeat(70_000) })],
  ])('M6 are shown by themselves where one is %s', (_, mine, theirs) => {
    expect(compared(mine, theirs)).toBeUndefined();
  });

  test('M6 are shown by themselves where one is only a beginning', () => {
    expect(comparedFields(version('{}'), version('{}', true))).toBeNull();
  });

  test('M6 V5 a long one is shown by its beginning, with its secrets masked', async () => {
    const shownBody = (await shownVersion(version(JSON.stringify({ password: 's3cret', a: 'x'.repeat(70_000) })))) as { kind: string; text: string };
    expect([shownBody.kind, shownBody.text.length < 66_000, shownBody.text.startsWith(`{"password":"${MASK}"`)]).toEqual(['text', true, true]);
  });
});
