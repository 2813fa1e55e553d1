import type { BucketGuards } from '../auth/bucket-guard.js';
import type { ObjectOwnership } from '../auth/bucket-rules.js';
import type { SigV4Verifier } from '../auth/sigv4.js';
import type { SignatureV2 } from '../auth/sigv4-options.js';
import type { Users } from '../auth/users.js';
import type { Clock, Random } from '../base/host.js';
import type { Store } from '../store/types.js';
import type { EdgeLimits, TransferWatch } from './guards.js';
import type { HeldBodies } from './held-bodies.js';
import type { Logger } from './logger.js';
import type { RequestLog } from './request-log.js';
import type { AccessLog } from './s3/access-log.js';

/** Whether this process can take writes, and why not. */
export interface Health {
  readonly ready: boolean;
  readonly reason?: string | undefined;
}

/** What the composition root gives the HTTP edge. */
export interface EdgeDeps {
  readonly store: Store;
  /** Who may sign requests, root among them. */
  readonly users: Users;
  /** What buckets that say nothing of ACLs do with them; `BucketOwnerEnforced` unless given. */
  readonly objectOwnership?: ObjectOwnership | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** The region that requests are signed for. */
  readonly region: string;
  /** Whether presigned URLs may be signed by Version 2; `off` unless given. */
  readonly signatureV2?: SignatureV2 | undefined;
  /** Serves `bucket.domain` besides `/bucket`. */
  readonly domain?: string | undefined;
  /** Shows the websites of buckets at `bucket.websiteDomain`. */
  readonly websiteDomain?: string | undefined;
  /** Whether keys of SSE-C are taken without TLS; `loopback`, from this machine, by default. */
  readonly customerKeysOverHttp?: 'loopback' | 'yes' | 'no' | undefined;
  /** In PEM; without it the server speaks plain HTTP. */
  readonly certificate?: { readonly cert: Buffer; readonly key: Buffer } | undefined;
  /** Names of keys that `aws:kms` may ask for, the one that counts without a name first. */
  readonly kmsKeys?: readonly string[] | undefined;
  /** Names of those who may be told of events. */
  readonly eventTargets?: readonly string[] | undefined;
  /** Keeps the access logs of buckets. */
  readonly accessLog?: AccessLog | undefined;
  readonly limits?: Partial<EdgeLimits> | undefined;
  readonly health: () => Health;
}

/** The dependencies of a running edge, and what all its requests share. */
export interface Edge extends EdgeDeps {
  readonly limits: EdgeLimits;
  readonly transfers: TransferWatch;
  readonly heldBodies: HeldBodies;
  readonly verifier: SigV4Verifier;
  readonly guards: BucketGuards;
  readonly requestIds: RequestIds;
  readonly requestLog: RequestLog;
}

/** Names requests: unique among all processes that ever wrote to one log. */
export class RequestIds {
  /** Names this process in `x-amz-id-2` and `<HostId>`. */
  readonly hostId: string;
  readonly #prefix: string;
  #count = 0;

  constructor(random: Random) {
    this.hostId = Buffer.from(random.bytes(24)).toString('base64');
    this.#prefix = Buffer.from(random.bytes(6)).toString('hex').toUpperCase();
  }

  next(): string {
    this.#count += 1;
    return this.#prefix + this.#count.toString(16).toUpperCase().padStart(8, '0');
  }
}
