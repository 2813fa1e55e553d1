import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readForm } from '../../../../src/http/s3/form-body.js';
import { S3Error } from '../../../../src/http/s3/s3-error.js';

const forms = suite('forms as they arrive');
const type = 'multipart/form-data; boundary=of-test';

function part(name: string, value: string, more = ''): string {
  return `--of-test\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`;
}

const file = (value: string, name = 'a.txt') => part('file', value, `; filename="${name}"`);
const end = '--of-test--\r\n';

async function* inPieces(text: string, sizeBytes: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text, 'utf8');
  for (let at = 0; at < bytes.length; at += sizeBytes) yield bytes.subarray(at, at + sizeBytes);
}

async function read(text: string, sizeBytes = 1 << 20, contentType = type) {
  await using form = await readForm(inPieces(text, sizeBytes), contentType);
  const chunks: Uint8Array[] = [];
  for await (const chunk of form.file) chunks.push(chunk);
  const content = Buffer.concat(chunks).toString();
  return { fields: Object.fromEntries(form.fields), fileName: form.fileName, content };
}

forms('however it is cut, the same form is read', async () => {
  const content = 'a\r\n--of-tes\r\n--of-\r\n\r\n--o\r\nend';
  const text = `${part('Key', 'a/ü')}${part('acl', '')}${file(content)}${end}`;
  for (const sizeBytes of [1, 2, 3, 5, 7, 64, 1000])
    assert.equal(await read(text, sizeBytes), {
      fields: { key: 'a/ü', acl: '' },
      fileName: 'a.txt',
      content,
    });
});

forms('a file of nothing is a file', async () => {
  assert.is((await read(file('') + end)).content, '');
});

forms('a boundary may stand in quotes, and what follows the file does not count', async () => {
  const quoted = 'multipart/form-data; charset=utf-8; boundary="of-test"';
  const found = await read(`${file('x')}${part('late', 'y')}${end}`, 9, quoted);
  assert.equal(found.fields, {});
  assert.is(found.content, 'x');
});

for (const [given, name] of [
  ['C:\\\\pictures\\\\cat.jpg', 'cat.jpg'],
  ['/home/u/cat.jpg', 'cat.jpg'],
  ['a%22b.txt', 'a"b.txt'],
  ['a\\"b.txt', 'a"b.txt'],
  ['ü%.txt', 'ü%.txt'],
] as const)
  forms(`a file's name sent as ${given} is ${name}`, async () => {
    assert.is((await read(file('x', given) + end)).fileName, name);
  });

for (const [what, text, code, contentType] of [
  ['nothing', '', 'MalformedPOSTRequest', type],
  ['no boundary in the type', file('x') + end, 'MalformedPOSTRequest', 'multipart/form-data'],
  ['another boundary', file('x') + end, 'MalformedPOSTRequest', `${type}s`],
  ['no file', part('key', 'k') + end, 'InvalidArgument', type],
  ['an end inside the file', file('x'), 'MalformedPOSTRequest', type],
  ['an end behind the boundary', `${file('x')}--of-test`, 'MalformedPOSTRequest', type],
  ['a part without a name', '--of-test\r\nX: y\r\n\r\nv\r\n', 'MalformedPOSTRequest', type],
  ['a field twice', part('a', '1') + part('A', '2') + file('x'), 'MalformedPOSTRequest', type],
  ['large fields', part('a', 'x'.repeat(40_000)), 'MaxPostPreDataLengthExceededError', type],
  ['many fields', part('a', '').repeat(9_000), 'MalformedPOSTRequest', type],
  ['a large head', part(`a${'x'.repeat(9_000)}`, ''), 'MaxPostPreDataLengthExceededError', type],
  ['much behind the file', `${file('x')}${'y'.repeat(99_000)}`, 'MalformedPOSTRequest', type],
] as const)
  forms(`faults 97: ${what} is ${code}`, async () => {
    let failure: unknown;
    await read(text, 500, contentType).catch((error: unknown) => {
      failure = error;
    });
    assert.ok(failure instanceof S3Error, String(failure));
    assert.is(failure.code, code);
  });

forms('faults 97: fields are bounded together', async () => {
  const many = Array.from({ length: 2_000 }, (_, n) => part(`f${n}`, 'x')).join('');
  const failed = read(many + file('x') + end, 4_096);
  let code = '';
  await failed.catch((error: unknown) => {
    if (error instanceof S3Error) code = error.code;
  });
  assert.is(code, 'MaxPostPreDataLengthExceededError');
});

forms('whoever lets a form go pulls nothing more', async () => {
  let ended = false;
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      yield Buffer.from(file('x'.repeat(1000)));
      yield Buffer.from('never pulled');
    } finally {
      ended = true;
    }
  }
  {
    await using form = await readForm(source(), type);
    assert.is(form.fileName, 'a.txt');
  }
  assert.ok(ended);
});

forms.run();
