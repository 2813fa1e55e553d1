import { ownerships } from './auth/bucket-rules.js';
import { LogStoreError } from './base/errors.js';
import { limits } from './base/limits.js';
import { type OptionKind, readOptionValue } from './option-value.js';

const MiB = 1024 ** 2;
const SECOND_MS = 1_000;

/** One setting of `serve`: its row gives the flag, the variable, the file's key and the help. */
export interface Option {
  readonly kind: OptionKind;
  /** As a user would write it; undefined when the setting may be left out. */
  readonly default: string | undefined;
  readonly description: string;
  /** A secret comes by its variable alone: flags are seen in `ps`, files are passed around. */
  readonly secret?: true;
}

const text = { is: 'text' } as const;
const size = (minBytes: number, maxBytes: number) =>
  ({ is: 'size', min: minBytes, max: maxBytes }) as const;
const count = (min: number, max: number) => ({ is: 'count', min, max }) as const;
const duration = (minMs: number, maxMs: number) =>
  ({ is: 'duration', min: minMs, max: maxMs }) as const;
const choice = <const C extends readonly string[]>(...choices: C) =>
  ({ is: 'choice', choices }) as const;

/** Every setting, by its key in Config: `segmentSize` is `--segment-size` as a flag. */
export const options = {
  dir: {
    kind: text,
    default: 'segments/data',
    description: 'the directory of the store; made when it is missing',
  },
  create: {
    kind: choice('yes', 'no'),
    default: 'yes',
    description:
      "'no' refuses to start where no store is: a volume that is not mounted is then no new store",
  },
  host: { kind: text, default: '127.0.0.1', description: 'the address to listen on' },
  port: {
    kind: count(0, 65_535),
    default: '9000',
    description: 'the port to listen on; 0 takes a free one',
  },
  domain: {
    kind: text,
    default: undefined,
    description: 'serves BUCKET.DOMAIN as well as DOMAIN/BUCKET',
  },
  websiteDomain: {
    kind: text,
    default: undefined,
    description: 'shows the websites of buckets, as far as everybody may read, at BUCKET.DOMAIN',
  },
  tlsCert: {
    kind: text,
    default: undefined,
    description:
      'serves HTTPS with this certificate and those behind it (PEM); read when it changes',
  },
  tlsKey: {
    kind: text,
    default: undefined,
    description: "the certificate's private key (PEM, without a passphrase)",
  },
  region: {
    kind: text,
    default: 'us-east-1',
    description: 'the region that requests are signed for',
  },
  signatureV2: {
    kind: choice('urls', 'all', 'off'),
    default: 'urls',
    description:
      "takes Signature Version 2 in presigned URLs, as boto3 and aws-cli make them; 'all' in " +
      "headers too, for clients of old, which sign no bodies; or 'off'",
  },
  objectOwnership: {
    kind: choice(...ownerships),
    default: 'BucketOwnerEnforced',
    description:
      'of new buckets: BucketOwnerEnforced takes no ACLs; BucketOwnerPreferred and ObjectWriter do',
  },
  accessKey: {
    kind: text,
    default: undefined,
    description: 'the access key id; with it the secret key must be given',
    secret: true,
  },
  secretKey: {
    kind: text,
    default: undefined,
    description: 'the secret access key',
    secret: true,
  },
  credentialsFile: {
    kind: text,
    default: undefined,
    description: 'holds the key pair, mode 0600; DIR/credentials.json, made at the first start',
  },
  segmentSize: {
    kind: size(limits.segmentBytesMin, limits.segmentBytesMax),
    default: '128MiB',
    description: 'a segment file of the log is ended when it would grow beyond this',
  },
  boundary: {
    kind: choice('512', '4096'),
    default: '512',
    description:
      'where batches begin; 4096 for disks whose torn writes spoil the bytes beside them',
  },
  encryptionKeyFile: {
    kind: text,
    default: undefined,
    description:
      'keys of what the store encrypts, mode 0600; DIR-keys.json, made when first needed',
  },
  kmsKeys: {
    kind: text,
    default: undefined,
    description:
      "names of keys that 'aws:kms' may ask for, behind commas, the default one first: each " +
      "follows from the store's own keys; without any, 'aws:kms' is NotImplemented",
  },
  customerKeysOverHttp: {
    kind: choice('loopback', 'yes', 'no'),
    default: 'loopback',
    description:
      "whether customers' encryption keys (SSE-C) are taken without TLS: from this machine only, " +
      'from everywhere, or never',
  },
  compaction: {
    kind: choice('auto', 'manual'),
    default: 'auto',
    description:
      "gives back the space of what is overwritten, removed or expired; 'manual': when asked for",
  },
  abortUploadsAfter: {
    kind: duration(0, 366 * 86_400 * SECOND_MS),
    default: '0s',
    description: 'multipart uploads that were begun so long ago are aborted; 0 keeps them for ever',
  },
  lifecycleDay: {
    kind: duration(100, 86_400 * SECOND_MS),
    default: '1d',
    description: 'what counts as a day for lifecycles; less than one is for trying rules out',
  },
  eventsWebhooks: {
    kind: text,
    default: undefined,
    description:
      "who may be told of what happens in buckets, as 'NAME=URL', more of them behind commas; " +
      "a bucket's notifications name them 'arn:logstore:sqs::NAME:webhook'",
  },
  eventsToken: {
    kind: text,
    default: undefined,
    description: "sent to the webhooks as 'Authorization: Bearer'",
    secret: true,
  },
  accessLogInterval: {
    kind: duration(100, 86_400 * SECOND_MS),
    default: '5m',
    description:
      "lines of a bucket's access log wait so long at most before they are put into its target; " +
      'or until there is 1 MiB of them',
  },
  parity: {
    kind: choice('auto', 'off'),
    default: 'auto',
    description: "makes parity of each segment that has ended, which heals rot; 'off' makes none",
  },
  scrubPeriod: {
    kind: duration(0, 366 * 86_400 * SECOND_MS),
    default: '14d',
    description: 'each segment is read and checked once in this time; 0 is never',
  },
  cacheSize: {
    kind: size(0, 64 * 1024 * MiB),
    default: '64MiB',
    description: 'memory for small records that were read before',
  },
  reserveSize: {
    kind: size(0, 1024 * 1024 * MiB),
    default: '256MiB',
    description: 'writes are refused when less than this would stay free on the volume',
  },
  ledger: {
    kind: choice('on', 'off'),
    default: 'off',
    description: "signs a log of all changes, for proofs; with 'off' nothing is proved",
  },
  ledgerInterval: {
    kind: duration(100, 3_600 * SECOND_MS),
    default: '10s',
    description: 'how long a change waits for its block of the ledger',
  },
  ledgerKeyFile: {
    kind: text,
    default: undefined,
    description: 'an Ed25519 key (PEM, mode 0600); DIR/ledger-key.pem, made at the first start',
  },
  ledgerHighWaterFile: {
    kind: text,
    default: undefined,
    description:
      'what the ledger has signed, against rollback: best on another disk; DIR/ledger/high-water',
  },
  ledgerWitnesses: {
    kind: text,
    default: undefined,
    description:
      "witnesses that are asked to sign the ledger too: 'VKEY URL', more of them behind commas",
  },
  maxConnections: {
    kind: count(1, 65_535),
    default: '1024',
    description: 'connections served at a time; further ones are refused',
  },
  headersTimeout: {
    kind: duration(SECOND_MS, 600 * SECOND_MS),
    default: '15s',
    description: "a request's headers must be there within this time",
  },
  keepAliveTimeout: {
    kind: duration(SECOND_MS, 3_600 * SECOND_MS),
    default: '65s',
    description: 'a connection without a request is kept for so long: longer than a proxy in front',
  },
  maxHeaderSize: {
    kind: size(8 * 1024, 2 * MiB),
    default: '32KiB',
    description: 'what the request line and all headers of a request may hold',
  },
  bodyIdleTimeout: {
    kind: duration(SECOND_MS, 3_600 * SECOND_MS),
    default: '30s',
    description: 'a request whose body stands still for so long is given up',
  },
  shutdownTimeout: {
    kind: duration(0, 3_600 * SECOND_MS),
    default: '10s',
    description: 'how long a stop waits for requests under way',
  },
  logLevel: {
    kind: choice('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    default: 'info',
    description: 'the least severe lines to log',
  },
} as const satisfies Record<string, Option>;

export type OptionKey = keyof typeof options;

type Choice<K> = K extends { choices: readonly (infer C)[] } ? C : never;
type Value<K extends OptionKind> = K extends { is: 'text' }
  ? string
  : K extends { is: 'choice' }
    ? Choice<K>
    : number;

/** Sizes are in bytes, durations in milliseconds. */
export type Config = {
  readonly [K in OptionKey]:
    | Value<(typeof options)[K]['kind']>
    | ((typeof options)[K]['default'] extends string ? never : undefined);
};

export const optionKeys = Object.freeze(Object.keys(options)) as readonly OptionKey[];

export function optionOf(key: OptionKey): Option {
  return options[key];
}

/** `segmentSize` -> `segment-size`: the flag without its dashes, and the key in the file. */
export function optionName(key: OptionKey): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `segmentSize` -> `LOGSTORE_SEGMENT_SIZE`. */
export function environmentName(key: OptionKey): string {
  return `LOGSTORE_${optionName(key).replaceAll('-', '_').toUpperCase()}`;
}

/** Where values come from. A flag goes before the environment, that before the file. */
export interface ConfigSources {
  /** By option key; secrets are not among them. */
  readonly flags: Readonly<Partial<Record<OptionKey, string>>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly file?: { readonly path: string; readonly text: string } | undefined;
}

/** @throws LogStoreError `INVALID_ARGUMENT`, naming where the bad value came from */
export function loadConfig({ flags, environment, file }: ConfigSources): Config {
  const fromFile = file === undefined ? {} : readConfigFile(file.path, file.text);
  const values: Partial<Record<OptionKey, string | number>> = {};
  for (const key of optionKeys) {
    const option = optionOf(key);
    const given = [
      { text: option.secret ? undefined : flags[key], origin: `--${optionName(key)}` },
      // An empty variable is one that is not set: so shells and unit files pass on what they lack.
      { text: environment[environmentName(key)] || undefined, origin: environmentName(key) },
      { text: fromFile[key], origin: `'${optionName(key)}' in ${file?.path}` },
      { text: option.default, origin: 'the default' },
    ].find((source) => source.text !== undefined);
    if (given?.text !== undefined)
      values[key] = readOptionValue(option.kind, given.text, given.origin);
  }
  if ((values.accessKey === undefined) !== (values.secretKey === undefined))
    throw new LogStoreError(
      'INVALID_ARGUMENT',
      `${environmentName('accessKey')} and ${environmentName('secretKey')} go together`,
    );
  // Each value was just read by the kind that Config's type is made from.
  return Object.freeze(values) as Config;
}

function readConfigFile(path: string, text: string): Partial<Record<OptionKey, string>> {
  const keys = new Map(optionKeys.map((key) => [optionName(key), key]));
  const found: Partial<Record<OptionKey, string>> = {};
  for (const [name, value] of Object.entries(parseObject(path, text))) {
    const key = keys.get(name);
    if (key === undefined)
      throw new LogStoreError('INVALID_ARGUMENT', `${path}: there is no setting '${name}'`);
    if (optionOf(key).secret)
      throw new LogStoreError(
        'INVALID_ARGUMENT',
        `${path}: '${name}' is a secret: set ${environmentName(key)}, or name a credentials-file`,
      );
    if (typeof value !== 'string' && typeof value !== 'number')
      throw new LogStoreError(
        'INVALID_ARGUMENT',
        `${path}: '${name}' is neither text nor a number`,
      );
    found[key] = String(value);
  }
  return found;
}

function parseObject(path: string, text: string): object {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new LogStoreError('INVALID_ARGUMENT', `${path} is not JSON`, { cause });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new LogStoreError('INVALID_ARGUMENT', `${path} is not a JSON object`);
  return parsed;
}
