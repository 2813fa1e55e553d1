import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { parseAmzDate } from '../../auth/amz-date.js';
import { plainAddress } from '../../auth/ip-range.js';
import { requestTagPrefix } from '../../auth/policy-document.js';
import { arnOf } from '../../auth/principal.js';
import type { Tags } from '../../store/version-options.js';
import type { Identity } from '../authenticate.js';
import type { Edge } from '../edge.js';
import { copySource } from './copy-source.js';
import { headerOf } from './header.js';
import type { Query } from './query.js';

/** A request, as far as conditions of policies look at it. */
export interface JudgedRequest {
  readonly edge: Edge;
  readonly req: IncomingMessage;
  readonly headers: IncomingHttpHeaders;
  readonly query: Query;
  readonly identity: Identity;
}

type Fact = (request: JudgedRequest) => string | undefined;

const daySeconds = 86_400;

/** `s3:x-amz-...` are the headers of that name; those of the lock have names of their own. */
const headerPrefix = 's3:x-amz-';

/**
 * Keys of conditions, in lower case, and what a request has for them.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html
 */
const facts: Readonly<Record<string, Fact>> = {
  'aws:currenttime': ({ edge }) => new Date(edge.clock.nowUnixMs()).toISOString(),
  'aws:epochtime': ({ edge }) => String(Math.floor(edge.clock.nowUnixMs() / 1000)),
  'aws:securetransport': ({ req }) => String('encrypted' in req.socket),
  'aws:sourceip': ({ req }) => plainAddress(req.socket.remoteAddress ?? ''),
  'aws:referer': ({ headers }) => headerOf(headers, 'referer'),
  'aws:useragent': ({ headers }) => headerOf(headers, 'user-agent'),
  'aws:username': ({ identity }) => identity.principal.name || undefined,
  'aws:userid': ownShownId,
  'aws:principalaccount': ownShownId,
  'aws:principalarn': ({ identity: { principal } }) =>
    principal.is === 'anonymous' ? undefined : arnOf(principal),
  'aws:principaltype': ({ identity: { principal } }) =>
    ({ root: 'Account', user: 'User', anonymous: 'Anonymous' })[principal.is],
  's3:authtype': ({ identity: { principal, presigned } }) => {
    if (principal.is === 'anonymous') return undefined;
    return presigned ? 'REST-QUERY-STRING' : 'REST-HEADER';
  },
  's3:signatureversion': ({ identity: { principal, signature } }) => {
    if (principal.is === 'anonymous') return undefined;
    return signature === 'SigV2' ? 'AWS' : 'AWS4-HMAC-SHA256';
  },
  's3:signatureage': ({ edge, identity: { chunkSigning } }) => {
    const signedMs = parseAmzDate(chunkSigning?.amzDate ?? '');
    return signedMs === undefined ? undefined : String(edge.clock.nowUnixMs() - signedMs);
  },
  's3:tlsversion': ({ req }) => {
    if (!('getProtocol' in req.socket) || typeof req.socket.getProtocol !== 'function') return;
    return /^TLSv(.+)$/.exec(String(req.socket.getProtocol()))?.[1];
  },
  's3:prefix': ({ query }) => query.get('prefix'),
  's3:delimiter': ({ query }) => query.get('delimiter'),
  's3:max-keys': ({ query }) => query.get('max-keys'),
  's3:versionid': ({ query }) => query.get('versionId'),
  's3:if-match': ({ headers }) => headerOf(headers, 'if-match'),
  's3:if-none-match': ({ headers }) => headerOf(headers, 'if-none-match'),
  's3:x-amz-copy-source': copySourceText,
  's3:object-lock-mode': ({ headers }) => headerOf(headers, 'x-amz-object-lock-mode'),
  's3:object-lock-legal-hold': ({ headers }) => headerOf(headers, 'x-amz-object-lock-legal-hold'),
  's3:object-lock-retain-until-date': retainUntil,
  's3:object-lock-remaining-retention-days': (request) => {
    const untilMs = Date.parse(retainUntil(request) ?? '');
    if (Number.isNaN(untilMs)) return undefined;
    const seconds = (untilMs - request.edge.clock.nowUnixMs()) / 1000;
    return String(Math.ceil(seconds / daySeconds));
  },
};

/** The values that a request has for a key, but one about tags; undefined for none. */
export function requestValues(request: JudgedRequest, key: string): readonly string[] | undefined {
  const fact = Object.hasOwn(facts, key) ? facts[key] : undefined;
  if (fact !== undefined) return one(fact(request));
  if (!key.startsWith(headerPrefix)) return undefined;
  return one(headerOf(request.headers, key.slice('s3:'.length)));
}

/** Of a key about the tags that a request brings, in a header or in its body. */
export function requestTagValues(tags: Tags, key: string): readonly string[] | undefined {
  const rest = key.slice(requestTagPrefix.length);
  return rest === 'keys' ? Object.keys(tags) : tagValues(tags, rest.slice(1));
}

/** Of the tag of a name; undefined for none. */
export function tagValues(tags: Tags, name: string): readonly string[] | undefined {
  return one(Object.hasOwn(tags, name) ? tags[name] : undefined);
}

function one(value: string | undefined): readonly string[] | undefined {
  return value === undefined ? undefined : [value];
}

function ownShownId({ edge, identity: { principal } }: JudgedRequest): string | undefined {
  if (principal.is === 'anonymous') return undefined;
  return edge.users.directory.shownId(principal.ownerId);
}

/** As `bucket/key`, however it was written. What is no source the handler refuses. */
function copySourceText({ headers }: JudgedRequest): string | undefined {
  if (headers['x-amz-copy-source'] === undefined) return undefined;
  const { bucket, key } = copySource({ headers });
  return `${bucket}/${key}`;
}

function retainUntil({ headers }: JudgedRequest): string | undefined {
  return headerOf(headers, 'x-amz-object-lock-retain-until-date');
}
