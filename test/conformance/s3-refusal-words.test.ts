import { createHash } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Answer,
  codeOf,
  credentials,
  type RawRequest,
  type S3Place,
  s3Place,
} from '../e2e/s3-place.js';

/** What S3 says of a request that it refuses: clients show it, and suites compare it. */
const words = suite('the words of refusals');

let at: S3Place;
let uploadId: string;

words.before(async () => {
  at = await s3Place();
  await at.send({ method: 'PUT', target: '/told' });
  await at.send({ method: 'PUT', target: '/told/kept', body: 'kept' });
  const begun = await at.send({ method: 'POST', target: '/told/up?uploads' });
  uploadId = elementOf(begun, 'UploadId') ?? '';
});
words.after(() => at.close());

const entities = { '&quot;': '"', '&apos;': "'", '&lt;': '<', '&gt;': '>', '&amp;': '&' };

function elementOf({ body }: Answer, name: string): string | undefined {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(body.toString())?.[1];
  return found?.replace(/&\w+;/g, (entity) => entities[entity as keyof typeof entities] ?? entity);
}

function tells(answer: Answer, code: string, told: Readonly<Record<string, string>>): void {
  assert.is(codeOf(answer), code, answer.body.toString());
  for (const [name, text] of Object.entries(told)) assert.is(elementOf(answer, name), text, name);
}

const signature = 'a'.repeat(64);
const credential = 'Credential=somebody/20260101/us-east-1/s3/aws4_request';
const components = (...each: readonly string[]) => `AWS4-HMAC-SHA256 ${each.join(',')}`;
const malformed = 'The authorization header is malformed; ';

const authorizations: readonly (readonly [header: string, code: string, message: string])[] = [
  [
    'nonsense',
    'InvalidArgument',
    "Authorization header is invalid -- one and only one ' ' (space) required.",
  ],
  ['Digest of=something', 'InvalidArgument', 'Unsupported Authorization Type'],
  [
    'AWS key:signature',
    'InvalidRequest',
    'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.',
  ],
  [
    components(credential, `Signature=${signature}`),
    'AuthorizationHeaderMalformed',
    `${malformed}the authorization header requires three components: ` +
      'Credential, SignedHeaders, and Signature.',
  ],
  [
    components(credential, 'SignedHeaders-host', `Signature=${signature}`),
    'AuthorizationHeaderMalformed',
    `${malformed}the authorization component "SignedHeaders-host" is malformed.`,
  ],
  [
    components(credential, 'SignedHeaders=host', `Other=${signature}`),
    'AuthorizationHeaderMalformed',
    `${malformed}missing Signature.`,
  ],
  [
    components('Other=x', 'SignedHeaders=host', `Signature=${signature}`),
    'AuthorizationHeaderMalformed',
    `${malformed}missing Credential.`,
  ],
  [
    components(credential, 'Other=host', `Signature=${signature}`),
    'AuthorizationHeaderMalformed',
    `${malformed}missing SignedHeaders.`,
  ],
];

for (const [authorization, code, message] of authorizations)
  words(`Authorization: ${authorization.slice(0, 50)} is ${code}`, async () => {
    const headers = { authorization, 'x-amz-date': '20260101T000000Z' };
    const answer = await at.sendUnsigned({ method: 'GET', target: '/told', headers });
    assert.is(answer.status, 400);
    tells(answer, code, { Message: message });
  });

const credentialsOf: readonly (readonly [credential: string, why: string])[] = [
  [
    'k/20260101/us-east-1/s3/of/more',
    'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
  ],
  [
    'k/20260101/us-east-1/ec2/aws4_request',
    'incorrect service "ec2". This endpoint belongs to "s3".',
  ],
  [
    'k/20260101/us-east-1/s3/aws9_request',
    'incorrect terminal "aws9_request". This endpoint uses "aws4_request".',
  ],
  [
    'k/2026-1-1/us-east-1/s3/aws4_request',
    'incorrect date format "2026-1-1". This date in the credential must be in the format ' +
      '"yyyyMMdd".',
  ],
];

for (const [text, why] of credentialsOf)
  words(`the credential ${text} is told what is wrong, in headers and in URLs`, async () => {
    const query = new URLSearchParams({
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': text,
      'X-Amz-Date': '20260101T000000Z',
      'X-Amz-Expires': '60',
      'X-Amz-SignedHeaders': 'host',
      'X-Amz-Signature': signature,
    });
    const inUrl = await at.sendUnsigned({ method: 'GET', target: `/told?${query}` });
    const Message = `Error parsing the X-Amz-Credential parameter; ${why}`;
    tells(inUrl, 'AuthorizationQueryParametersError', { Message });
    const authorization = components(
      `Credential=${text}`,
      'SignedHeaders=host',
      `Signature=${signature}`,
    );
    const headers = { authorization, 'x-amz-date': '20260101T000000Z' };
    const inHeader = await at.sendUnsigned({ method: 'GET', target: '/told', headers });
    tells(inHeader, 'AuthorizationHeaderMalformed', { Message: malformed + why });
  });

words('an unknown key, headers beside a signature and a wrong time are named', async () => {
  const request = { method: 'GET', target: '/told' };
  const unknown = await at.send({ ...request, accessKeyId: 'NOBODY' });
  tells(unknown, 'InvalidAccessKeyId', { AWSAccessKeyId: 'NOBODY' });
  const signed = at.sign(request);
  const slipped = { ...signed, 'x-amz-tagging': 'a=b', 'x-amz-copy-source': 'b/k' };
  const beside = await at.sendUnsigned({ ...request, headers: slipped });
  tells(beside, 'AccessDenied', { HeadersNotSigned: 'x-amz-copy-source, x-amz-tagging' });
  const late = await at.send({ ...request, timeMs: Date.now() - 3_600_000 });
  tells(late, 'RequestTimeTooSkewed', { MaxAllowedSkewMilliseconds: '900000' });
  const wrong = await at.send({ ...request, secret: `${credentials.secretAccessKey}x` });
  assert.is(codeOf(wrong), 'SignatureDoesNotMatch');
});

words('a body that is not the signed one has both digests in the answer', async () => {
  const payload = '0'.repeat(64);
  const put = { method: 'PUT', target: '/told/kept', body: 'kept', payload };
  const answer = await at.send(put);
  tells(answer, 'XAmzContentSHA256Mismatch', {
    ClientComputedContentSHA256: payload,
    S3ComputedContentSHA256: createHash('sha256').update('kept').digest('hex'),
  });
});

type Argument = readonly [request: RawRequest, name: string, value: string];
const put = (target: string, headers: Readonly<Record<string, string>>): RawRequest => ({
  ...{ method: 'PUT', target, headers, body: 'x' },
});
const wrongArguments: readonly Argument[] = [
  [put('/told/new', { 'x-amz-tagging': 'k=v&k=v' }), 'x-amz-tagging', 'k=v&k=v'],
  [put('/told/new', { 'x-amz-tagging': '=' }), 'x-amz-tagging', '='],
  [
    put('/told/new', { 'x-amz-object-lock-legal-hold': 'perhaps' }),
    'x-amz-object-lock-legal-hold',
    'perhaps',
  ],
  [
    put('/told/new', {
      'x-amz-object-lock-mode': 'STERN',
      'x-amz-object-lock-retain-until-date': '2090-01-01T00:00:00Z',
    }),
    'x-amz-object-lock-mode',
    'STERN',
  ],
  [
    put('/told/new', { 'x-amz-copy-source': 'told/kept', 'x-amz-metadata-directive': 'MERGE' }),
    'x-amz-metadata-directive',
    'MERGE',
  ],
  [put('/told/new', { 'x-amz-copy-source': 'to!d/kept' }), 'x-amz-copy-source', 'to!d/kept'],
  [put('/told/new?partNumber=1', {}), 'partNumber', '1'],
  [{ method: 'GET', target: '/told?max-keys=-1' }, 'max-keys', '-1'],
  [{ method: 'GET', target: '/told?max-keys=many' }, 'max-keys', 'many'],
  [{ method: 'GET', target: '/told?start-after=a' }, 'start-after', 'a'],
  [{ method: 'GET', target: '/?max-buckets=0' }, 'max-buckets', '0'],
  [
    { method: 'GET', target: '/told', headers: { 'x-amz-copy-source': 'a/b' } },
    'x-amz-copy-source',
    'a/b',
  ],
];

for (const [request, ArgumentName, ArgumentValue] of wrongArguments)
  words(
    `${request.method} ${request.target}: ${ArgumentName} is named with its value`,
    async () => {
      const answer = await at.send(request);
      assert.is(answer.status, 400, answer.body.toString());
      tells(answer, 'InvalidArgument', { ArgumentName, ArgumentValue });
    },
  );

words('a part number is named with its value, and nothing is stored of it', async () => {
  for (const given of ['0', '-1', '10001', 'one']) {
    const target = `/told/up?partNumber=${given}&uploadId=${uploadId}`;
    const answer = await at.send({ method: 'PUT', target, body: 'x' });
    tells(answer, 'InvalidArgument', { ArgumentName: 'partNumber', ArgumentValue: given });
  }
  const parts = await at.send({ method: 'GET', target: `/told/up?uploadId=${uploadId}` });
  assert.not.match(parts.body.toString(), '<Part>');
});

words('what S3 knows of no object is told as it tells it', async () => {
  const alone = await at.send({ method: 'PUT', target: '/told/kept?uploadId=u', body: 'x' });
  assert.is(alone.status, 405);
  assert.is(alone.headers.allow, 'DELETE, POST, GET');
  tells(alone, 'MethodNotAllowed', { Method: 'PUT', ResourceType: 'UPLOAD' });
  const post = await at.send({ method: 'POST', target: '/told/kept', body: 'x' });
  tells(post, 'MethodNotAllowed', { Method: 'POST', ResourceType: 'OBJECT' });
  for (const query of ['uploads', 'versions'])
    tells(await at.send({ method: 'GET', target: `/told/kept?${query}` }), 'InvalidRequest', {});
  const kept = await at.send({ method: 'GET', target: '/told/kept' });
  assert.is(kept.body.toString(), 'kept');
});

words('a checksum of an algorithm that is not computed here never passes unverified', async () => {
  for (const algorithm of ['sha512', 'md5', 'xxhash64', 'crc8']) {
    const headers = { [`x-amz-checksum-${algorithm}`]: 'AAAA' };
    const answer = await at.send(put('/told/unverified', headers));
    assert.is(codeOf(answer), 'InvalidRequest', algorithm);
  }
  const absent = await at.send({ method: 'GET', target: '/told/unverified' });
  assert.is(absent.status, 404);
});

words(
  'beside a presigned URL, what is no hash of a body is a hash that does not match',
  async () => {
    const url = await getSignedUrl(
      at.client,
      new PutObjectCommand({ Bucket: 'told', Key: 'hash' }),
    );
    const target = url.slice(at.url.length);
    const headers = { 'x-amz-content-sha256': 'no-hash' };
    const answer = await at.sendUnsigned({ method: 'PUT', target, headers, body: 'x' });
    assert.is(answer.status, 400);
    const told = { ClientComputedContentSHA256: 'no-hash' };
    tells(answer, 'XAmzContentSHA256Mismatch', told);
    assert.is((await at.send({ method: 'HEAD', target: '/told/hash' })).status, 404);
  },
);

words('of an upload that is not there, and of its parts, it is told which they are', async () => {
  const complete = (id: string, ...parts: readonly (readonly [number, string])[]) => {
    const listed = parts.map(
      ([number, etag]) => `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`,
    );
    const body = `<CompleteMultipartUpload>${listed.join('')}</CompleteMultipartUpload>`;
    return at.send({ method: 'POST', target: `/told/up?uploadId=${id}`, body });
  };
  tells(await complete('none', [1, 'x']), 'NoSuchUpload', { UploadId: 'none' });
  const listed = await at.send({ method: 'GET', target: '/told/up?uploadId=none' });
  tells(listed, 'NoSuchUpload', { UploadId: 'none' });
  const etags = [];
  for (const number of [1, 2]) {
    const target = `/told/up?partNumber=${number}&uploadId=${uploadId}`;
    const { headers } = await at.send({ method: 'PUT', target, body: 'part' });
    etags.push(String(headers.etag).replaceAll('"', ''));
  }
  const [one = '', two = ''] = etags;
  tells(await complete(uploadId, [1, one], [3, two]), 'InvalidPart', {
    ...{ UploadId: uploadId, PartNumber: '3', ETag: two },
  });
  tells(await complete(uploadId, [1, one], [2, two]), 'EntityTooSmall', {
    ...{ ProposedSize: '4', MinSizeAllowed: '5242880', PartNumber: '1', ETag: one },
  });
});

words('of optional attributes listings know the one that S3 knows', async () => {
  const header = 'x-amz-optional-object-attributes';
  for (const target of ['/told', '/told?list-type=2', '/told?versions']) {
    const known = await at.send({ method: 'GET', target, headers: { [header]: 'RestoreStatus' } });
    assert.is(known.status, 200, known.body.toString());
    assert.match(known.body.toString(), '<Key>kept</Key>');
    const colour = await at.send({ method: 'GET', target, headers: { [header]: 'Colour' } });
    const told = { ArgumentName: header, ArgumentValue: 'Colour' };
    tells(colour, 'InvalidArgument', told);
  }
});

words('a completion that names another size than its parts have is refused', async () => {
  const begun = await at.send({ method: 'POST', target: '/told/sized?uploads' });
  const target = `/told/sized?uploadId=${elementOf(begun, 'UploadId')}`;
  const part = await at.send({ method: 'PUT', target: `${target}&partNumber=1`, body: 'four' });
  const listed = `<Part><PartNumber>1</PartNumber><ETag>${part.headers.etag}</ETag></Part>`;
  const body = `<CompleteMultipartUpload>${listed}</CompleteMultipartUpload>`;
  const sized = (size: string) =>
    at.send({ method: 'POST', target, body, headers: { 'x-amz-mp-object-size': size } });
  tells(await sized('5'), 'InvalidRequest', {});
  assert.is((await at.send({ method: 'HEAD', target: '/told/sized' })).status, 404);
  assert.is((await sized('4')).status, 200);
});

words('a preflight that is refused tells what is wrong with it', async () => {
  const ask = (headers: Readonly<Record<string, string>>) =>
    at.sendUnsigned({ method: 'OPTIONS', target: '/told/kept', headers });
  const origin = 'http://pages.example';
  const Message = 'Insufficient information. Origin request header needed.';
  tells(await ask({}), 'BadRequest', { Message });
  for (const method of ['PATCH', 'get']) {
    const answer = await ask({ origin, 'access-control-request-method': method });
    assert.is(answer.status, 400);
    tells(answer, 'BadRequest', { Message: `Invalid Access-Control-Request-Method: ${method}` });
  }
  const answer = await ask({ origin, 'access-control-request-method': 'GET' });
  assert.is(answer.status, 403);
  tells(answer, 'AccessForbidden', { Method: 'GET', ResourceType: 'OBJECT' });
});

words('what a lock protects is told in one sentence, of one version and of many', async () => {
  const locked = { 'x-amz-bucket-object-lock-enabled': 'true' };
  await at.send({ method: 'PUT', target: '/locked', headers: locked });
  const hold = { 'x-amz-object-lock-legal-hold': 'ON' };
  const made = await at.send({ method: 'PUT', target: '/locked/k', headers: hold, body: 'k' });
  const version = String(made.headers['x-amz-version-id']);
  const Message = 'Access Denied because object protected by object lock.';
  const target = `/locked/k?versionId=${version}`;
  tells(await at.send({ method: 'DELETE', target }), 'AccessDenied', { Message });
  const object = `<Object><Key>k</Key><VersionId>${version}</VersionId></Object>`;
  const body = `<Delete>${object}</Delete>`;
  const many = await at.send({ method: 'POST', target: '/locked?delete', body });
  tells(many, 'AccessDenied', { Message });
  assert.is((await at.send({ method: 'GET', target })).body.toString(), 'k');
});

words('a canned ACL beside grants is refused before anybody is looked for', async () => {
  const headers = { 'x-amz-acl': 'private', 'x-amz-grant-read': 'id=nobody' };
  const answer = await at.send({ method: 'PUT', target: '/told?acl', headers });
  tells(answer, 'InvalidRequest', {
    Message: 'Specifying both Canned ACLs and Header Grants is not allowed',
  });
});

words.run();
