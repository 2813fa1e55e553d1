import { refuseUnknownChecksum } from './checksum-headers.js';
import { invalidArgument, S3Error } from './s3-error.js';

type Verdict = (value: string) => void;

function refuse(): never {
  throw new S3Error('NotImplemented');
}

const otherStorageClasses = new Set([
  'DEEP_ARCHIVE',
  'EXPRESS_ONEZONE',
  'FSX_ONTAP',
  'FSX_OPENZFS',
  'GLACIER',
  'GLACIER_IR',
  'INTELLIGENT_TIERING',
  'ONEZONE_IA',
  'OUTPOSTS',
  'REDUCED_REDUNDANCY',
  'SNOW',
  'STANDARD_IA',
]);

function storageClass(value: string): void {
  if (value === 'STANDARD') return;
  throw new S3Error(otherStorageClasses.has(value) ? 'NotImplemented' : 'InvalidStorageClass');
}

/** Headers that ask for something of S3's that is not served, and the values that do not. */
const verdicts = new Map<string, Verdict>([
  ['x-amz-if-match-last-modified-time', refuse],
  ['x-amz-if-match-size', refuse],
  ['x-amz-mfa', refuse],
  ['x-amz-object-lock-event-hold', refuse],
  ['x-amz-object-lock-event-hold-duration-days', refuse],
  ['x-amz-object-lock-event-hold-duration-years', refuse],
  ['x-amz-server-side-encryption-context', refuse],
  ['x-amz-storage-class', storageClass],
  ['x-amz-write-offset-bytes', refuse],
]);

/**
 * Refuses a request whose headers ask for what is not served, before anything is read or done: an
 * object that its owner believes encrypted, locked or tagged must be so.
 * @throws S3Error `NotImplemented`, `InvalidRequest`, `InvalidStorageClass`
 */
export function refuseUnserved(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): void {
  for (const name in headers) {
    if (!name.startsWith('x-amz-')) continue;
    refuseUnknownChecksum(name);
    verdicts.get(name)?.(String(headers[name]));
  }
}

/**
 * Of an operation that takes no version: `null` names what it is about anyway.
 * @throws S3Error `NotImplemented`; `InvalidArgument` for an empty id
 */
export function refuseVersionId(versionId: string | undefined): void {
  if (versionId === undefined || versionId === 'null') return;
  if (versionId === '') {
    throw invalidArgument('Version id cannot be the empty string', 'versionId', '');
  }
  refuse();
}
