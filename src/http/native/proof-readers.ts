import type { Request } from 'express';
import { authenticate } from '../authenticate.js';
import type { Edge } from '../edge.js';
import { splitTarget } from '../s3/address.js';
import { Query } from '../s3/query.js';
import { RequestAccess } from '../s3/request-access.js';
import { rightOf } from '../s3/rights.js';
import { S3Error } from '../s3/s3-error.js';

/** Claims about one version, which name nothing but what is asked for. */
const ofOneObject = ['current', 'version', 'written'];

/**
 * Lets in who may read the object that a proof is of, or list the bucket whose listing is proved. A
 * proof that something is not there shows its neighbour, which may be anybody's: that is root's.
 * @throws S3Error `AccessDenied`; LogStoreError `NO_SUCH_BUCKET`
 */
export async function requireReader(edge: Edge, req: Request): Promise<void> {
  const target = splitTarget(req.originalUrl);
  const { method, headers } = req;
  const identity = authenticate(edge, { method, ...target, headers });
  if (identity.principal.is === 'root') return;
  const query = new Query(target.rawQuery);
  const access = new RequestAccess({ edge, req, headers, query, identity });
  const claim = query.get('claim') ?? 'current';
  const [bucket, key] = [query.get('bucket') ?? '', query.get('key') ?? ''];
  if (bucket === '') throw new S3Error('AccessDenied');
  if (ofOneObject.includes(claim)) await access.require(rightOf('GetObject'), { bucket, key });
  else if (claim === 'listing') await access.require(rightOf('ListObjects'), { bucket, key: '' });
  else throw new S3Error('AccessDenied');
}
