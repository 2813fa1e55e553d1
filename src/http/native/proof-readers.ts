import type { Request } from 'express';
import { isLogStoreError } from '../../base/errors.js';
import { authenticate } from '../authenticate.js';
import type { Edge } from '../edge.js';
import { splitTarget } from '../s3/address.js';
import { Query } from '../s3/query.js';
import { RequestAccess } from '../s3/request-access.js';
import { rightOf, rightTo } from '../s3/rights.js';
import { S3Error } from '../s3/s3-error.js';

/** Claims about one version, which name nothing but what is asked for. */
const ofOneObject = ['current', 'version', 'written'];

/**
 * Lets in who may read the object that a proof is of, or list the bucket whose listing is proved. A
 * proof that something is not there shows its neighbour, which may be anybody's: that is root's.
 * @returns what a failure is told as: who may not list learns of nothing that it is not there
 * @throws S3Error `AccessDenied`; LogStoreError `NO_SUCH_BUCKET`
 */
export async function requireReader(
  edge: Edge,
  req: Request,
  asked: URLSearchParams,
): Promise<(error: unknown) => Promise<unknown>> {
  const target = splitTarget(req.originalUrl);
  const { method, headers } = req;
  const identity = authenticate(edge, { method, ...target, headers });
  if (identity.principal.is === 'root') return async (error) => error;
  const query = new Query(target.rawQuery);
  const access = new RequestAccess({ edge, req, headers, query, identity });
  const claim = asked.get('claim') ?? 'current';
  const [bucket, key] = [asked.get('bucket') ?? '', asked.get('key') ?? ''];
  const isOfThePast = asked.has('height');
  if (bucket === '') throw new S3Error('AccessDenied');
  if (ofOneObject.includes(claim)) {
    const versionId = await olderVersionId(edge, bucket, key, asked.get('version'));
    await access.require(rightOf('GetObject'), { bucket, key, versionId });
    // What was the newest version then may be an older one now.
    if (isOfThePast) await access.require(rightTo('GetObjectVersion'), { bucket, key });
  } else if (claim === 'listing') {
    const operation = isOfThePast ? 'ListObjectVersions' : 'ListObjects';
    await access.require(rightOf(operation), { bucket, key: '' });
  } else throw new S3Error('AccessDenied');
  return (error) => access.toldOfAbsence(error, { bucket, key });
}

/** A version that is not the newest of its key takes a right of its own, as it does to be read. */
async function olderVersionId(
  { store }: Edge,
  bucket: string,
  key: string,
  version: string | null,
): Promise<string | undefined> {
  if (version === null) return undefined;
  try {
    if (String((await store.head(bucket, key)).version) === version) return undefined;
  } catch (error) {
    if (!isLogStoreError(error, 'NO_SUCH_KEY', 'DELETE_MARKER')) throw error;
  }
  return Number(version).toString(16).padStart(16, '0');
}
