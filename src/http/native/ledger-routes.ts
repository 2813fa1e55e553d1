import { LogStoreError } from '../../base/errors.js';
import { toBase64 } from '../../format/text-lines.js';
import { claimNames, type ProofRequest, type StoreLedger } from '../../store/types.js';
import { S3Error } from '../s3/s3-error.js';

/** What a route of the ledger answers with: a file, or a text in one of SPEC.md's encodings. */
export interface LedgerAnswer {
  readonly contentType: string;
  readonly cacheControl: string;
  readonly body: Uint8Array | string;
}

/** One route of the ledger, `/_/ledger` and what `path` matches of the rest. */
export interface LedgerRoute {
  readonly name: string;
  readonly path: RegExp;
  /**
   * `open`: whoever reaches the port. Logs are there to be watched by strangers, who sign nothing;
   * what is open holds hashes, counts and times, and no names. `root`: whose request the
   * root key has signed. `reader`: who may read the object that the query names, or list the bucket
   * whose listing is proved; what else is proved may name neighbours, and is root's.
   */
  readonly access: 'open' | 'root' | 'reader';
  readonly answer: (
    ledger: StoreLedger,
    parts: readonly string[],
    query: URLSearchParams,
  ) => Promise<LedgerAnswer>;
}

const plainText = 'text/plain; charset=utf-8';
const bytes = 'application/octet-stream';
/** C2SP tlog-tiles: tiles and bundles never change under their path. */
const forever = 'public, max-age=31536000, immutable';
/** Kept by whoever wants to, and asked for anew each time. */
const fresh = 'no-cache';
/** Holds names, and is for the one who asked. */
const secret = 'no-store';

/** A listing takes a line an object; whoever wants more asks for longer prefixes. */
export const provenLeavesMax = 10_000;

/** Every route of the ledger; who may read what stands here and nowhere else. */
export const ledgerRoutes: readonly LedgerRoute[] = [
  {
    name: 'checkpoint',
    path: /^\/(checkpoint(?:\.log)?)$/,
    access: 'open',
    answer: (ledger, [path]) => published(ledger, path, plainText, fresh),
  },
  {
    name: 'tiles and bundles of entries',
    path: /^\/(tile\/.{1,64})$/,
    access: 'open',
    answer: (ledger, [path]) => published(ledger, path, bytes, forever),
  },
  {
    name: 'key set',
    path: /^\/keys$/,
    access: 'open',
    answer: async (ledger) => text(fresh, await ledger.keys()),
  },
  {
    name: 'key set as it followed another',
    path: /^\/(keys\/\d{1,16})$/,
    access: 'open',
    answer: (ledger, [path]) => published(ledger, path, plainText, forever),
  },
  {
    name: 'key set that a block names',
    path: /^\/block\/(\d{1,16})\/keys$/,
    access: 'open',
    answer: async (ledger, [height]) => text(forever, await ledger.keysAt(numberOf(height))),
  },
  {
    name: 'block',
    path: /^\/block\/(\d{1,16})$/,
    access: 'open', // with its inclusion in the newest checkpoint, so it changes
    answer: async (ledger, [height]) => text(fresh, await ledger.block(numberOf(height))),
  },
  {
    name: 'consistency path',
    path: /^\/consistency\/(\d{1,16})\/(\d{1,16})$/,
    access: 'open',
    answer: async (ledger, [older, newer]) => {
      const path = await ledger.consistency(numberOf(older), numberOf(newer));
      return text(forever, path.map((hash) => `${toBase64(hash)}\n`).join(''));
    },
  },
  {
    name: 'standing',
    path: /^$/,
    access: 'root', // its reason is for the operator
    answer: async (ledger) => json(ledger.standing()),
  },
  {
    name: 'changes of a block',
    path: /^\/block\/(\d{1,16})\/changes$/,
    access: 'root', // every name that changed: for auditors
    answer: async (ledger, [height], query) =>
      json(await ledger.changes(numberOf(height), numberOf(query.get('from') ?? '0'))),
  },
  {
    name: 'changes that pruning left',
    path: /^\/pruned$/,
    access: 'root',
    answer: async (ledger, _, query) =>
      json(await ledger.pruned(numberOf(query.get('from') ?? '0'))),
  },
  {
    name: 'proof',
    path: /^\/proof$/,
    access: 'reader',
    answer: async (ledger, _, query) => text(secret, await ledger.prove(proofRequest(query))),
  },
];

async function published(
  ledger: StoreLedger,
  path = '',
  contentType: string,
  cacheControl: string,
): Promise<LedgerAnswer> {
  const body = await ledger.published(path);
  if (body === undefined) throw new S3Error('NotSealed', `Nothing is published as ${path}.`);
  return { contentType, cacheControl, body };
}

function text(cacheControl: string, body: string): LedgerAnswer {
  return { contentType: plainText, cacheControl, body };
}

function json(value: object): LedgerAnswer {
  const body = `${JSON.stringify(value)}\n`;
  return { contentType: 'application/json', cacheControl: secret, body };
}

/** `claim`, `bucket` and `key`; `version` and `height` where the newest are not meant. */
function proofRequest(query: URLSearchParams): ProofRequest {
  const claim = claimNames.find((one) => one === (query.get('claim') ?? 'current'));
  const bucket = query.get('bucket');
  if (claim === undefined) throw invalid(`claim is one of ${claimNames.join(', ')}`);
  if (bucket === null) throw invalid('bucket is missing; that of buckets themselves is empty');
  const optional = (name: string) => {
    const given = query.get(name);
    return given === null ? undefined : numberOf(given);
  };
  return {
    ...{ claim, bucket, key: query.get('key') ?? '' },
    ...{ version: optional('version'), height: optional('height') },
    leavesMax: provenLeavesMax,
  };
}

function numberOf(text = ''): number {
  if (/^(0|[1-9]\d{0,15})$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw invalid(`'${text}' is no number`);
}

function invalid(message: string): LogStoreError {
  return new LogStoreError('INVALID_ARGUMENT', message);
}
