import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  canonicalRequest,
  type HeaderValues,
  type SignableRequest,
} from '../../../src/auth/canonical-request.js';
import { encodePath, encodeQueryPart, presign, signRequest } from '../../../src/auth/sign.js';
import {
  deriveSigningKey,
  SigningKeys,
  scopeText,
  signCanonical,
} from '../../../src/auth/signing-key.js';
import { type Authentication, SigV4Verifier } from '../../../src/auth/sigv4.js';

const sigv4 = suite('sigv4');
const credentials = { accessKeyId: 'AKIDEXAMPLE', secret: 'a secret of some length' };
const timeMs = Date.UTC(2026, 0, 31, 12);
const minuteMs = 60_000;
const options = { credentials, region: 'us-east-1', timeMs };
const secretOf = (id: string) => (id === credentials.accessKeyId ? credentials.secret : undefined);
const verifier = new SigV4Verifier({ region: 'us-east-1', secretOf });
const emptySha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

function aRequest(change: Partial<SignableRequest> = {}): SignableRequest {
  return { method: 'GET', rawPath: '/bucket/key', rawQuery: '', headers: { host: 'a' }, ...change };
}

function signed(request = aRequest(), payload = emptySha256, atMs = timeMs): SignableRequest {
  const { headers } = signRequest(request, payload, { ...options, timeMs: atMs });
  return { ...request, headers: { ...request.headers, ...headers } };
}

function presigned(request = aRequest(), expiresSeconds = 600): SignableRequest {
  return { ...request, rawQuery: presign(request, { ...options, expiresSeconds }) };
}

function withHeaders(request: SignableRequest, headers: HeaderValues): SignableRequest {
  return { ...request, headers: { ...request.headers, ...headers } };
}

function outcome(answer: Authentication): string {
  return answer.is === 'refused' ? answer.code : answer.is;
}

const verify = (request: SignableRequest, nowMs = timeMs) => verifier.verify(request, nowMs);

sigv4('whatever the key, the query and the headers, what is signed is authenticated', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 20 });
  const value = fc.string({ unit: 'grapheme-ascii', maxLength: 20 });
  fc.assert(
    fc.property(text, text, text, value, fc.boolean(), (key, name, parameter, meta, inQuery) => {
      const request = aRequest({
        rawPath: `/bucket/${encodePath(key)}`,
        rawQuery: `${encodeQueryPart(name)}=${encodeQueryPart(parameter)}&list-type=2`,
        headers: { host: 'a', 'x-amz-meta-a': meta },
      });
      const answer = verify(inQuery ? presigned(request) : signed(request));
      assert.is(outcome(answer), 'authenticated');
    }),
  );
});

sigv4('clients that escape a path differently agree', () => {
  const request = signed(aRequest({ rawPath: '/bucket/a%2Bb%3D%28c%29%20%C3%A9/%7Ed' }));
  for (const rawPath of [
    '/bucket/a+b=(c)%20%c3%a9/~d',
    '/bucket/a%2bb%3d(c)%20\xc3\xa9/~d',
    '/%62ucket/a+b=%28c%29%20%C3%A9/%7ed',
  ])
    assert.is(outcome(verify({ ...request, rawPath })), 'authenticated', rawPath);
});

sigv4(
  'the order of parameters does not count, nor blanks in headers, nor how a space is sent',
  () => {
    const request = signed(
      aRequest({
        rawQuery: 'b=2&a=1&a=0&d&e=x%20y',
        headers: { host: 'a', 'x-amz-meta-a': 'b c' },
      }),
    );
    const same = { ...request, rawQuery: 'a=0&e=x+y&b=2&a=1&d=&' };
    assert.is(outcome(verify(same)), 'authenticated');
    assert.is(outcome(verify(withHeaders(same, { 'x-amz-meta-a': ' b   c ' }))), 'authenticated');
  },
);

sigv4('a repeated header is signed as its values in order', () => {
  const request = signed(aRequest({ headers: { host: 'a', 'x-amz-meta-a': 'b,c' } }));
  const sent = (...values: string[]) => withHeaders(request, { 'x-amz-meta-a': values });
  assert.is(outcome(verify(sent('b', 'c'))), 'authenticated');
  assert.is(outcome(verify(sent('c', 'b'))), 'SignatureDoesNotMatch');
});

sigv4('a header value beyond ASCII verifies, sent as UTF-8 or as Latin-1', () => {
  const asBytes = Buffer.from('é').toString('latin1'); // what a server sees of UTF-8
  const request = signed(aRequest({ headers: { host: 'a', 'x-amz-meta-a': asBytes } }));
  assert.is(outcome(verify(request)), 'authenticated');
  assert.is(outcome(verify(withHeaders(request, { 'x-amz-meta-a': 'é' }))), 'authenticated');
  const other = withHeaders(request, { 'x-amz-meta-a': 'è' });
  assert.is(outcome(verify(other)), 'SignatureDoesNotMatch');
});

sigv4('faults 93: whatever of a signed request is changed, it is refused', () => {
  const original = signed(
    aRequest({
      method: 'PUT',
      rawQuery: 'partNumber=1&uploadId=x',
      headers: { host: 'a', 'content-type': 'text/plain', 'x-amz-meta-a': 'b' },
    }),
  );
  assert.is(outcome(verify(original)), 'authenticated');
  const authorization = String(original.headers.authorization);
  const signature = /Signature=(.*)$/.exec(authorization)?.[1] ?? '';
  const changed: [string, SignableRequest][] = [
    ['SignatureDoesNotMatch', { ...original, method: 'DELETE' }],
    ['SignatureDoesNotMatch', { ...original, rawPath: '/bucket/other' }],
    ['SignatureDoesNotMatch', { ...original, rawQuery: 'partNumber=2&uploadId=x' }],
    ['SignatureDoesNotMatch', { ...original, rawQuery: '' }],
    ['SignatureDoesNotMatch', withHeaders(original, { host: 'b' })],
    ['SignatureDoesNotMatch', withHeaders(original, { 'content-type': 'text/html' })],
    ['SignatureDoesNotMatch', withHeaders(original, { 'x-amz-meta-a': 'c' })],
    ['SignatureDoesNotMatch', withHeaders(original, { 'x-amz-meta-a': undefined })],
    [
      'SignatureDoesNotMatch',
      withHeaders(original, { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }),
    ],
    ['SignatureDoesNotMatch', withHeaders(original, { 'x-amz-date': '20260131T120001Z' })],
    ['AccessDenied', withHeaders(original, { 'x-amz-acl': 'public-read' })],
    ['InvalidToken', withHeaders(original, { 'x-amz-security-token': 'x' })],
  ];
  for (const forged of [
    signature.replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
    signature.slice(1),
    `${signature}00`,
    signature.toUpperCase(),
    'z'.repeat(64),
    '',
  ]) {
    const text = authorization.replace(signature, forged);
    changed.push(['SignatureDoesNotMatch', withHeaders(original, { authorization: text })]);
  }
  for (const [code, request] of changed)
    assert.is(outcome(verify(request)), code, JSON.stringify(request));
});

sigv4('faults 93: whatever of a presigned request is changed, it is refused', () => {
  const original = presigned(aRequest({ rawQuery: 'versionId=1', headers: { host: 'a' } }));
  assert.is(outcome(verify(original)), 'authenticated');
  const changes: [string, (query: string) => string][] = [
    ['SignatureDoesNotMatch', (query) => query.replace('Expires=600', 'Expires=601')],
    ['SignatureDoesNotMatch', (query) => query.replace('versionId=1', 'versionId=2')],
    ['SignatureDoesNotMatch', (query) => `${query}&response-content-type=text/html`],
    ['SignatureDoesNotMatch', (query) => query.replace(/.$/, (d) => (d === '0' ? '1' : '0'))],
    ['SignatureDoesNotMatch', (query) => query.replace(/.$/, '')],
    ['AuthorizationQueryParametersError', (query) => `${query}&X-Amz-Signature=0`],
    ['AuthorizationQueryParametersError', (query) => query.replace(/&X-Amz-Date=[^&]*/, '')],
    ['AuthorizationQueryParametersError', (query) => query.replace('=600', '=%FF')],
    ['AuthorizationQueryParametersError', (query) => query.replace('HMAC-SHA256', 'NONE')],
    ['AuthorizationQueryParametersError', (query) => query.replace('=host', '=range')],
    ['AccessDenied', (query) => query.replace('=600', '=-1')],
    ['InvalidAccessKeyId', (query) => query.replace('AKID', 'akid')],
    ['anonymous', (query) => query.replaceAll('X-Amz-', 'x-amz-')],
  ];
  for (const [code, change] of changes) {
    const rawQuery = change(original.rawQuery);
    assert.is(outcome(verify({ ...original, rawQuery })), code, rawQuery);
  }
  const smuggled = withHeaders(original, { 'x-amz-acl': 'public-read' });
  assert.is(outcome(verify(smuggled)), 'AccessDenied');
});

sigv4('faults 93: more than one way of authenticating is refused', () => {
  const both = withHeaders(presigned(), { authorization: signed().headers.authorization });
  assert.is(outcome(verify(both)), 'InvalidArgument');
  const old = aRequest({ rawQuery: 'AWSAccessKeyId=a&Signature=b&Expires=1' });
  const oldAndNew = withHeaders(old, { authorization: signed().headers.authorization });
  assert.is(outcome(verify(oldAndNew)), 'InvalidArgument');
});

sigv4('other schemes of authorization are refused, version 2 by name', () => {
  const authorizations: [string, string][] = [
    ['InvalidRequest', 'AWS AKIDEXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg='],
    ['InvalidRequest', 'AWS4-ECDSA-P256-SHA256 Credential=a, SignedHeaders=host, Signature=b'],
    ['InvalidArgument', 'Bearer token'],
    ['anonymous', ''],
    ['AuthorizationHeaderMalformed', 'AWS4-HMAC-SHA256 '],
    ['AuthorizationHeaderMalformed', 'AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host'],
  ];
  for (const [code, authorization] of authorizations)
    assert.is(outcome(verify(withHeaders(signed(), { authorization }))), code, authorization);
  const old = aRequest({ rawQuery: 'AWSAccessKeyId=a&Signature=b&Expires=1' });
  assert.is(outcome(verify(old)), 'InvalidRequest');
});

sigv4('a credential that is not of this day, service or form is malformed', () => {
  const good = String(signed().headers.authorization);
  for (const [from, to] of [
    ['20260131/', '20260130/'],
    ['/s3/', '/ec2/'],
    ['/aws4_request', '/aws3_request'],
    ['AKIDEXAMPLE/', ''],
    ['SignedHeaders=host;', 'SignedHeaders='],
    ['Signature=', 'Credential='],
  ] as const) {
    const authorization = good.replace(from, to);
    assert.is.not(authorization, good);
    const answer = verify(withHeaders(signed(), { authorization }));
    assert.is(outcome(answer), 'AuthorizationHeaderMalformed', authorization);
  }
});

sigv4('another region is refused and told which; an empty setting accepts any', () => {
  const { headers } = signRequest(aRequest(), emptySha256, { ...options, region: 'eu-1' });
  const answer = verify(withHeaders(aRequest(), headers));
  assert.ok(answer.is === 'refused');
  assert.is(answer.code, 'AuthorizationHeaderMalformed');
  assert.is(answer.details?.Region, 'us-east-1');
  const open = new SigV4Verifier({ region: '', secretOf });
  assert.is(outcome(open.verify(withHeaders(aRequest(), headers), timeMs)), 'authenticated');
});

sigv4('faults 95: a signed request is good for 15 minutes either way', () => {
  const request = signed();
  for (const minutes of [-15, 0, 15])
    assert.is(outcome(verify(request, timeMs + minutes * minuteMs)), 'authenticated');
  for (const beyondMs of [15 * minuteMs + 1, -15 * minuteMs - 1, 10 * 365 * 24 * 60 * minuteMs])
    assert.is(outcome(verify(request, timeMs + beyondMs)), 'RequestTimeTooSkewed');
});

sigv4('faults 95: a presigned request is good until it expires, within 7 days', () => {
  const request = presigned(aRequest(), 7 * 24 * 3600);
  const endMs = timeMs + 7 * 24 * 60 * minuteMs;
  for (const nowMs of [timeMs - 15 * minuteMs, timeMs, endMs - 1])
    assert.is(outcome(verify(request, nowMs)), 'authenticated');
  for (const nowMs of [timeMs - 15 * minuteMs - 1, endMs, endMs + 1])
    assert.is(outcome(verify(request, nowMs)), 'AccessDenied');
  const beyond = verify(presigned(aRequest(), 7 * 24 * 3600 + 1));
  assert.is(outcome(beyond), 'AuthorizationQueryParametersError');
  assert.is(outcome(verify(presigned(aRequest(), 0))), 'AccessDenied');
});

sigv4('the date may stand in the Date header alone; without any it is refused', () => {
  const { host } = aRequest().headers;
  const amzDate = signed().headers['x-amz-date'];
  const dates: [string, HeaderValues][] = [
    ['SignatureDoesNotMatch', { date: 'Sat, 31 Jan 2026 12:00:00 GMT' }], // another header signed
    ['SignatureDoesNotMatch', { date: amzDate }],
    ['AccessDenied', { date: 'Sat, 99 Jan 2026 12:00:00 GMT' }],
    ['AccessDenied', { date: 'yesterday' }],
    ['SignatureDoesNotMatch', { date: 'Sat, 31 Jan 2026 12:00:00 -0000' }],
    ['AccessDenied', { date: 'Sat, 31 Jan 2026 12:00:00 +0100' }],
    ['AccessDenied', { 'x-amz-date': '20260231T120000Z' }],
    ['AccessDenied', { 'x-amz-date': '' }],
    ['AccessDenied', { 'x-amz-date': '19500131T120000Z' }],
    ['AccessDenied', { 'x-amz-date': 'Sat, 31 Jan 1950 12:00:00 GMT' }],
    ['RequestTimeTooSkewed', { 'x-amz-date': '20100131T120000Z' }], // not of its scope's day
    ['RequestTimeTooSkewed', { 'x-amz-date': '99990131T120000Z' }],
    ['AccessDenied', {}],
  ];
  for (const [code, headers] of dates) {
    const { authorization, 'x-amz-content-sha256': payload } = signed().headers;
    const request = aRequest({
      headers: { host, authorization, 'x-amz-content-sha256': payload, ...headers },
    });
    assert.is(outcome(verify(request)), code, JSON.stringify(headers));
  }
});

sigv4('names the payload that the signature is about', () => {
  const payloads: [string, object][] = [
    [emptySha256, { is: 'sha256', value: Buffer.from(emptySha256, 'hex') }],
    ['UNSIGNED-PAYLOAD', { is: 'unsigned' }],
    ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', { is: 'signed-chunks', trailer: false }],
    ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', { is: 'signed-chunks', trailer: true }],
    ['STREAMING-UNSIGNED-PAYLOAD-TRAILER', { is: 'unsigned-chunks' }],
  ];
  for (const [text, claim] of payloads) {
    const answer = verify(signed(aRequest({ method: 'PUT' }), text));
    assert.ok(answer.is === 'authenticated');
    assert.equal(answer.payload, claim);
    assert.is(answer.accessKeyId, credentials.accessKeyId);
  }
});

sigv4('faults 93: an unknown form of payload is refused, and so is none', () => {
  for (const text of ['', 'unsigned-payload', 'STREAMING', `${emptySha256}0`, 'STREAMING-NONE']) {
    assert.is(outcome(verify(signed(aRequest(), text))), 'InvalidArgument', text);
    const anonymous = aRequest({ headers: { host: 'a', 'x-amz-content-sha256': text } });
    assert.is(outcome(verify(anonymous)), 'InvalidArgument', text);
  }
  const none = { 'x-amz-content-sha256': undefined, 'content-length': '1' };
  assert.is(outcome(verify(withHeaders(signed(), none))), 'InvalidRequest');
});

sigv4('where no body is claimed, a signature of none needs no header that says so', () => {
  const request = asOldCurlSigns(emptySha256);
  const answer = verify(request);
  assert.ok(answer.is === 'authenticated');
  assert.equal(answer.payload, { is: 'sha256', value: Buffer.from(emptySha256, 'hex') });
  const chunked = withHeaders(request, { 'transfer-encoding': 'chunked' });
  assert.is(outcome(verify(chunked)), 'InvalidRequest');
  assert.is(outcome(verify(asOldCurlSigns('UNSIGNED-PAYLOAD'))), 'SignatureDoesNotMatch');
});

/** Without a header that says what of the body is signed. */
function asOldCurlSigns(payload: string): SignableRequest {
  const amzDate = '20260131T120000Z';
  const request = aRequest({ headers: { host: 'a', 'x-amz-date': amzDate } });
  const scope = { day: '20260131', region: 'us-east-1' };
  const canonical = canonicalRequest(request, [], ['host', 'x-amz-date'], payload);
  const key = deriveSigningKey(credentials.secret, scope);
  const signature = signCanonical(key, amzDate, scopeText(scope), canonical, 'latin1');
  const authorization =
    `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scopeText(scope)}, ` +
    `SignedHeaders=host;x-amz-date, Signature=${signature.toString('hex')}`;
  return withHeaders(request, { authorization });
}

sigv4('without credentials a request is anonymous, whose chunks cannot be signed', () => {
  assert.equal(verify(aRequest()), { is: 'anonymous', payload: { is: 'unsigned' } });
  const anonymous = (text: string) =>
    verify(aRequest({ headers: { host: 'a', 'x-amz-content-sha256': text } }));
  assert.is(outcome(anonymous('STREAMING-UNSIGNED-PAYLOAD-TRAILER')), 'anonymous');
  assert.is(outcome(anonymous('STREAMING-AWS4-HMAC-SHA256-PAYLOAD')), 'InvalidArgument');
});

sigv4('names that every object has are no headers', () => {
  const request = signed();
  for (const name of ['constructor', '__proto__', 'tostring']) {
    const authorization = String(request.headers.authorization).replace('host;', `${name};host;`);
    assert.is(outcome(verify(withHeaders(request, { authorization }))), 'SignatureDoesNotMatch');
  }
});

sigv4('an unknown key and a wrong secret are refused', () => {
  const sign = (change: object) => {
    const changed = { ...options, credentials: { ...credentials, ...change } };
    return verify(withHeaders(aRequest(), signRequest(aRequest(), emptySha256, changed).headers));
  };
  assert.is(outcome(sign({ accessKeyId: 'nobody' })), 'InvalidAccessKeyId');
  assert.is(outcome(sign({ secret: 'another' })), 'SignatureDoesNotMatch');
});

sigv4('a changed secret counts at once, and derived keys are bounded', () => {
  let secret = 'one';
  const changing = new SigV4Verifier({ region: '', secretOf: () => secret });
  const sign = (with_: string) => {
    const changed = { ...options, credentials: { ...credentials, secret: with_ } };
    return withHeaders(aRequest(), signRequest(aRequest(), emptySha256, changed).headers);
  };
  assert.is(outcome(changing.verify(sign('one'), timeMs)), 'authenticated');
  secret = 'two';
  assert.is(outcome(changing.verify(sign('one'), timeMs)), 'SignatureDoesNotMatch');
  assert.is(outcome(changing.verify(sign('two'), timeMs)), 'authenticated');
  const keys = new SigningKeys();
  for (let at = 0; at < 1000; at++) keys.get('id', 'secret', { day: '20260131', region: `${at}` });
  assert.ok(keys.count <= 256);
});

sigv4.run();
