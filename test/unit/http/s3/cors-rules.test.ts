import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { corsHeaders, readCorsRules, writeCorsRules } from '../../../../src/http/s3/cors-rules.js';
import { S3Error } from '../../../../src/http/s3/s3-error.js';

const cors = suite('rules of CORS');

function document(...rules: readonly string[]): Buffer {
  const elements = rules.map((rule) => `<CORSRule>${rule}</CORSRule>`);
  return Buffer.from(`<CORSConfiguration>${elements.join('')}</CORSConfiguration>`);
}

const origin = (text: string) => `<AllowedOrigin>${text}</AllowedOrigin>`;
const method = (text: string) => `<AllowedMethod>${text}</AllowedMethod>`;
const header = (text: string) => `<AllowedHeader>${text}</AllowedHeader>`;
const anyGet = origin('*') + method('GET');

/** The answer to a question, as an object; undefined where it is no. */
function told(rules: Buffer, from: string, verb: string, ...headers: string[]) {
  const flat = corsHeaders(readCorsRules(rules), { origin: from, method: verb, headers });
  if (flat === undefined) return undefined;
  return Object.fromEntries(flat.flatMap((name, n) => (n % 2 === 0 ? [[name, flat[n + 1]]] : [])));
}

cors('what is kept is what was read', () => {
  const rules = readCorsRules(
    document(
      `<ID>one</ID>${anyGet}${header('*')}<ExposeHeader>ETag</ExposeHeader>` +
        '<MaxAgeSeconds>3000</MaxAgeSeconds>',
      origin('https://a&amp;b.example') + method('PUT') + method('DELETE'),
    ),
  );
  assert.equal(readCorsRules(Buffer.from(writeCorsRules(rules))), rules);
  assert.is(rules[0]?.maxAgeSeconds, 3000);
});

for (const [what, pattern, from, isAllowed] of [
  ['anything', '*', 'http://a.example', true],
  ['itself', 'http://a.example', 'http://a.example', true],
  ['another port', 'http://a.example', 'http://a.example:8080', false],
  ['another scheme', 'https://a.example', 'http://a.example', false],
  ['a longer name', 'http://a.example', 'http://a.example.evil', false],
  ['what a wildcard stands for', 'http://*.example', 'http://a.b.example', true],
  ['a wildcard for nothing', 'http://*.example', 'http://.example', true],
  ['what overlaps both ends', 'ab*ba', 'aba', false],
  ['a wildcard at the end', 'http://a*', 'http://abc', true],
  ['other letters', 'http://A.example', 'http://a.example', false],
] as const)
  cors(`an origin pattern and ${what}: ${isAllowed ? 'allowed' : 'not allowed'}`, () => {
    const found = told(document(origin(pattern) + method('GET')), from, 'GET');
    assert.is(found !== undefined, isAllowed);
  });

cors('whoever is named is answered by name, with credentials; all are answered by a star', () => {
  const named = told(document(origin('http://*') + method('GET')), 'http://a', 'GET');
  assert.is(named?.['access-control-allow-origin'], 'http://a');
  assert.is(named?.['access-control-allow-credentials'], 'true');
  const any = told(document(anyGet), 'http://a', 'GET');
  assert.is(any?.['access-control-allow-origin'], '*');
  assert.is(any?.['access-control-allow-credentials'], undefined);
});

cors('every header that is asked for must be allowed, in whatever case', () => {
  const rules = document(anyGet + header('X-Amz-*') + header('content-type'));
  const all = told(rules, 'http://a', 'GET', 'x-amz-date', 'content-type');
  assert.is(all?.['access-control-allow-headers'], 'x-amz-date, content-type');
  assert.is(told(rules, 'http://a', 'GET', 'x-amz-date', 'authorization'), undefined);
  assert.is(told(document(anyGet), 'http://a', 'GET', 'x-amz-date'), undefined);
});

cors('the first rule that allows all of it is the one', () => {
  const first = `${origin('http://a') + method('GET')}<MaxAgeSeconds>1</MaxAgeSeconds>`;
  const second = `${origin('http://a') + method('PUT')}<MaxAgeSeconds>2</MaxAgeSeconds>`;
  const rules = document(first, second);
  assert.is(told(rules, 'http://a', 'GET')?.['access-control-max-age'], '1');
  assert.is(told(rules, 'http://a', 'PUT')?.['access-control-max-age'], '2');
  assert.is(told(rules, 'http://a', 'POST'), undefined);
  assert.is(told(rules, 'http://b', 'PUT'), undefined);
});

for (const [what, rules, code] of [
  ['no rule', document(), 'MalformedXML'],
  ['101 rules', document(...Array.from({ length: 101 }, () => anyGet)), 'MalformedXML'],
  ['no origin', document(method('GET')), 'MalformedXML'],
  ['no method', document(origin('*')), 'MalformedXML'],
  ['two wildcards', document(origin('*.*') + method('GET')), 'InvalidRequest'],
  ['two wildcards in a header', document(`${anyGet}${header('*-*')}`), 'InvalidRequest'],
  ['a method that S3 does not have', document(origin('*') + method('PATCH')), 'InvalidRequest'],
  ['OPTIONS', document(origin('*') + method('OPTIONS')), 'InvalidRequest'],
  ['a wildcard exposed', document(`${anyGet}<ExposeHeader>*</ExposeHeader>`), 'InvalidRequest'],
  ['an age in words', document(`${anyGet}<MaxAgeSeconds>long</MaxAgeSeconds>`), 'MalformedXML'],
  [
    'two ages',
    document(`${anyGet}${'<MaxAgeSeconds>1</MaxAgeSeconds>'.repeat(2)}`),
    'MalformedXML',
  ],
  ['a long id', document(`${anyGet}<ID>${'i'.repeat(256)}</ID>`), 'MalformedXML'],
  ['an unknown element', document(`${anyGet}<Allow/>`), 'MalformedXML'],
  [
    'a line end exposed',
    document(`${anyGet}<ExposeHeader>a&#10;b</ExposeHeader>`),
    'InvalidRequest',
  ],
] as const)
  cors(`${what} is ${code}`, () => {
    const isRight = (error: unknown) => error instanceof S3Error && error.code === code;
    assert.throws(() => readCorsRules(rules), isRight);
  });

cors.run();
