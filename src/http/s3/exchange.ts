import type { IncomingHttpHeaders } from 'node:http';
import type { Store } from '../../store/types.js';
import type { Identity } from '../authenticate.js';
import type { Edge } from '../edge.js';
import type { Address } from './address.js';
import type { Answer } from './answer.js';
import type { Query } from './query.js';
import type { RequestAccess } from './request-access.js';

/** A request whose sender is proven and whose address makes sense, and the answer to give. */
export interface Exchange {
  readonly edge: Edge;
  readonly store: Store;
  readonly answer: Answer;
  readonly address: Address;
  readonly bucket: string;
  readonly key: string;
  readonly query: Query;
  /** With the `x-amz-` parameters of a presigned URL, which count as headers. */
  readonly headers: IncomingHttpHeaders;
  readonly identity: Identity;
  /** What the sender may do, beside the operation itself, which was asked for already. */
  readonly access: RequestAccess;
}
