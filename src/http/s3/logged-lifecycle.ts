import type { LifecycleDeed } from '../../store/lifecycle-face.js';
import { logLine } from './log-line.js';

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-and-other-bucket-config.html */
const operations = {
  removed: 'S3.EXPIRE.OBJECT',
  marked: 'S3.CREATE.DELETEMARKER',
  aborted: 'S3.DELETE.UPLOAD',
} as const;

/**
 * The line of what a bucket's lifecycle has done: S3 asked itself, and there was no request.
 * @param bucketOwner as clients see the id
 */
export function lifecycleLine(
  { bucket, key, did, versionId }: LifecycleDeed,
  { bucketOwner, requestId, timeUnixMs }: LifecycleLineFacts,
): string {
  const none = undefined;
  return logLine({
    ...{ bucketOwner, bucket, timeUnixMs, requestId, key, versionId },
    ...{ operation: operations[did], requester: 'AmazonS3', requestLine: '', referer: '' },
    ...{ remoteAddress: none, status: none, errorCode: none, userAgent: '', hostId: '' },
    ...{ signature: none, cipher: none, authentication: none, hostHeader: none },
    ...{ tlsVersion: none, aclRequired: false },
  });
}

export interface LifecycleLineFacts {
  readonly bucketOwner: string;
  readonly requestId: string;
  readonly timeUnixMs: number;
}
