import type { IncomingHttpHeaders } from 'node:http';
import { type PostPolicy, postPolicyRefusal, readPostPolicy } from '../../auth/post-policy.js';
import { anonymous, type Principal } from '../../auth/principal.js';
import { refuseMissingField } from '../../auth/refusal.js';
import { limits } from '../../base/limits.js';
import type { ObjectInfo } from '../../store/types.js';
import { errorOf } from '../authenticate.js';
import type { Edge } from '../edge.js';
import type { Address } from './address.js';
import type { Answer } from './answer.js';
import { readChecksumClaims } from './checksum-headers.js';
import type { Exchange } from './exchange.js';
import { type ArrivingForm, fieldsBytesMax, readForm } from './form-body.js';
import { requireFurther } from './further-rights.js';
import { headerBytes } from './object-headers.js';
import { storeBody, writtenHeaders } from './put-object.js';
import { Query } from './query.js';
import { refuseUnserved } from './refusals.js';
import { RequestAccess } from './request-access.js';
import { requestChunks } from './request-bytes.js';
import { S3Error } from './s3-error.js';
import { readTagging, tagLimits, tagsHeader } from './tags.js';
import { XmlWriter } from './xml.js';

const ownHeaders = new Set([
  ...['cache-control', 'content-disposition', 'content-encoding', 'content-language'],
  ...['content-type', 'expires', 'content-md5'],
]);
/** Any of these says that a form means to be signed. */
const signing = new Set([
  ...['policy', 'signature', 'awsaccesskeyid', 'x-amz-algorithm', 'x-amz-credential'],
  ...['x-amz-date', 'x-amz-signature'],
]);
const ofSignature = /^x-amz-(algorithm|credential|date|signature)$/;

/**
 * The form upload of browsers. Its fields prove its sender, and its policy says what may be
 * uploaded; nothing of it is signed but the policy.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
 */
export async function postObject(answer: Answer, address: Address): Promise<void> {
  const { edge, req } = answer;
  answer.operation = 'PostObject';
  await using form = await readForm(requestChunks(answer), req.headers['content-type'] ?? '');
  const fields = withFileName(form);
  const nowMs = edge.clock.nowUnixMs();
  const principal = formSender(edge, fields, nowMs);
  answer.user = principal.name;
  const policy = formPolicy(principal, fields, address.bucket, nowMs);
  const key = keyOf(fields);
  answer.key = key;
  const headers = headersOf(fields);
  refuseUnserved(headers);
  const [{ bucket }, query] = [address, Query.empty];
  const payload = { is: 'unsigned' } as const;
  const isV4 = fields.has('x-amz-algorithm');
  const signature = principal.is === 'anonymous' ? undefined : isV4 ? 'SigV4' : 'SigV2';
  const signed = { signature, chunkSigning: undefined, presigned: false, inForm: true } as const;
  const identity = { principal, payload, ...signed };
  answer.identity = identity;
  const access = new RequestAccess({ edge, req, headers, query, identity });
  answer.access = access;
  const exchange: Exchange = {
    ...{ edge, store: edge.store, answer, headers, key, bucket, query, identity, access },
    address: { ...address, key, scope: 'object' },
  };
  await access.requireOperation(answer.operation, { bucket, key });
  await requireFurther(answer.operation, exchange);
  const { md5, checksum, algorithm } = readChecksumClaims(headers);
  const info = await storeBody(exchange, {
    source: sized(form.file, policy?.sizeRange),
    options: { expected: { md5, checksum }, checksumAlgorithm: algorithm, md5: true },
  });
  answerForm(exchange, fields, info);
}

/** A form that is signed in no way comes from nobody in particular. */
function formSender(edge: Edge, fields: ReadonlyMap<string, string>, nowMs: number): Principal {
  const isSigned = [...fields.keys()].some((name) => signing.has(name));
  if (!isSigned) return anonymous;
  const proof = edge.verifier.verifyForm(fields, nowMs);
  if (proof.is === 'refused') throw errorOf(proof);
  const signer = edge.users.directory.signer(proof.accessKeyId);
  if (signer === undefined) throw new S3Error('InvalidAccessKeyId');
  return signer.principal;
}

/** What the sender's own policy lets this form upload; undefined where nothing is signed. */
function formPolicy(
  principal: Principal,
  fields: ReadonlyMap<string, string>,
  bucket: string,
  nowMs: number,
): PostPolicy | undefined {
  if (principal.is === 'anonymous') return undefined;
  const policy = readPostPolicy(fields.get('policy') ?? '');
  if (policy.is === 'refused') throw errorOf(policy);
  const refusal = postPolicyRefusal(policy, new Map([...fields, ['bucket', bucket]]), nowMs);
  if (refusal !== undefined) throw errorOf(refusal);
  return policy;
}

/**
 * Of a POST to a bucket that is no form, and asks for nothing else.
 * @throws S3Error `PreconditionFailed`
 */
export async function refuseNoForm(): Promise<void> {
  const Condition = 'Bucket POST must be of the enclosure-type multipart/form-data';
  throw new S3Error('PreconditionFailed', undefined, { details: { Condition } });
}

/** Whether this is one: of everything else that is posted to a bucket the headers tell. */
export function isForm(headers: IncomingHttpHeaders): boolean {
  return /^multipart\/form-data\b/i.test(headers['content-type'] ?? '');
}

const fileNameVariable = '$' + '{filename}';

/**
 * `${filename}` stands in any field for the name that the sender's file has, whatever that is.
 * @throws S3Error `MaxPostPreDataLengthExceededError` where they grow beyond their bound by it
 */
function withFileName({ fields, fileName }: ArrivingForm): Map<string, string> {
  const filled = new Map<string, string>();
  let leftLength = fieldsBytesMax;
  for (const [name, value] of fields) {
    const pieces = value.split(fileNameVariable);
    leftLength -= value.length + (pieces.length - 1) * fileName.length;
    if (leftLength < 0) throw new S3Error('MaxPostPreDataLengthExceededError');
    filled.set(name, pieces.join(fileName));
  }
  return filled;
}

function keyOf(fields: ReadonlyMap<string, string>): string {
  const key = fields.get('key');
  if (key !== undefined && key !== '') return key;
  throw errorOf(refuseMissingField('key'));
}

/** The headers with which a PUT would say the same; in Latin-1, as Node has headers. */
function headersOf(fields: ReadonlyMap<string, string>): IncomingHttpHeaders {
  const headers: IncomingHttpHeaders = {};
  for (const [field, value] of fields) {
    const name = field === 'acl' ? 'x-amz-acl' : field;
    if (!ownHeaders.has(name) && (!name.startsWith('x-amz-') || ofSignature.test(name))) continue;
    const bytes = headerBytes(value);
    if (bytes === undefined)
      throw new S3Error('InvalidArgument', `The field ${field} holds what no header can`);
    headers[name] = bytes;
  }
  const tagging = fields.get('tagging');
  if (tagging !== undefined)
    headers['x-amz-tagging'] = tagsHeader(readTagging(Buffer.from(tagging), tagLimits.object));
  return headers;
}

/** The file, refused before its end where the policy wants another size. */
async function* sized(
  file: AsyncIterable<Uint8Array>,
  sizeRange: PostPolicy['sizeRange'],
): AsyncGenerator<Uint8Array, void, void> {
  const maxBytes = Math.min(sizeRange?.maxBytes ?? limits.putBytesMax, limits.putBytesMax);
  let sizeBytes = 0;
  for await (const chunk of file) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw new S3Error('EntityTooLarge');
    yield chunk;
  }
  if (sizeBytes < (sizeRange?.minBytes ?? 0)) throw new S3Error('EntityTooSmall');
}

function answerForm(
  exchange: Exchange,
  fields: ReadonlyMap<string, string>,
  info: ObjectInfo,
): void {
  const { answer, bucket, key } = exchange;
  const location = locationOf(exchange);
  const headers = [...writtenHeaders(info, exchange.headers), 'location'];
  const redirect = fields.get('success_action_redirect') ?? fields.get('redirect') ?? '';
  if (/^https?:/i.test(redirect) && URL.canParse(redirect)) {
    const url = new URL(redirect);
    for (const [name, value] of Object.entries({ bucket, key, etag: `"${info.etag}"` }))
      url.searchParams.append(name, value);
    answer.sendEmpty(303, [...headers, url.href]);
    return;
  }
  const status = fields.get('success_action_status');
  if (status !== '201') {
    answer.sendEmpty(status === '200' ? 200 : 204, [...headers, location]);
    return;
  }
  // In no name space, as S3 sends it.
  const xml = new XmlWriter().open('PostResponse');
  xml.element('Location', location).element('Bucket', bucket);
  xml.element('Key', key).element('ETag', `"${info.etag}"`).close('PostResponse');
  answer.sendXml(201, xml.toString(), [...headers, location]);
}

function locationOf({ address, answer, bucket, key }: Exchange): string {
  const base = answer.origin;
  const path = key.split('/').map(encodeURIComponent).join('/');
  return address.bucketInHost ? `${base}/${path}` : `${base}/${bucket}/${path}`;
}
