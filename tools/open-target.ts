import type { Credentials } from '../src/auth/credentials.js';
import { isLogStoreError, LogStoreError } from '../src/base/errors.js';
import { loadConfig } from '../src/config.js';
import { openStore } from '../src/open-store.js';
import { requireCredentialsFile } from '../src/root-credentials.js';
import type { Store } from '../src/store/types.js';
import type { S3ClientOptions } from './s3-client.js';
import { s3Target } from './s3-target.js';
import { storeTarget } from './store-target.js';
import type { Target } from './target.js';

export interface TargetArguments {
  readonly dir?: string | undefined;
  readonly endpoint?: string | undefined;
  /** Of the file that holds the key pair for the endpoint. */
  readonly credentials?: string | undefined;
  readonly region?: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * @param create whether a store may be made where none is
 * @throws LogStoreError `INVALID_ARGUMENT`, `NOT_A_STORE`, `LOCKED`
 */
export async function openTarget(
  options: TargetArguments,
  { create }: { readonly create: boolean },
  environment: Environment = process.env,
): Promise<Target> {
  const endpoint = await endpointOf(options, environment);
  if (endpoint !== undefined) return s3Target(endpoint);
  return storeTarget(await openDirectory(options.dir, create));
}

/**
 * @param signed `if-possible`: for what is open to everyone no key pair is needed
 * @returns undefined where a directory is meant
 * @throws LogStoreError `INVALID_ARGUMENT`
 */
export async function endpointOf(
  options: TargetArguments,
  environment: Environment = process.env,
  signed: 'always' | 'if-possible' = 'always',
): Promise<S3ClientOptions | undefined> {
  if (options.dir !== undefined && options.endpoint !== undefined)
    throw new LogStoreError('INVALID_ARGUMENT', 'give --dir or --endpoint, not both');
  const endpoint =
    options.dir === undefined ? (options.endpoint ?? environment.LOGSTORE_ENDPOINT) : undefined;
  if (endpoint === undefined) return undefined;
  return {
    endpoint: parseEndpoint(endpoint),
    region:
      options.region ?? environment.AWS_REGION ?? loadConfig({ flags: {}, environment }).region,
    credentials: await clientCredentials(options.credentials, environment, signed),
  };
}

/** `--dir`, `LOGSTORE_DIR` or the default, as `serve` has it. */
export function directoryOf(dir: string | undefined, environment: Environment): string {
  return loadConfig({ flags: dir === undefined ? {} : { dir }, environment }).dir;
}

/** A store that this command alone has open, and only for as long as it takes. */
export async function openDirectory(
  given: string | undefined,
  create: boolean,
  parity: 'auto' | 'off' = 'off',
): Promise<Store> {
  try {
    const dir = directoryOf(given, process.env);
    // Nothing goes on in the background that would end with the command.
    return await openStore({ dir, create, compaction: 'manual', parity, scrubPeriodMs: 0 });
  } catch (error) {
    if (!isLogStoreError(error, 'LOCKED')) throw error;
    const message = `${error.message}; to work with a running server give --endpoint URL`;
    throw new LogStoreError('LOCKED', message, { cause: error });
  }
}

function parseEndpoint(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.pathname === '/') return url;
  throw new LogStoreError(
    'INVALID_ARGUMENT',
    `'${text}' is no endpoint: it is of the form http://HOST:PORT`,
  );
}

async function clientCredentials(
  path: string | undefined,
  environment: Environment,
  signed: 'always' | 'if-possible',
): Promise<Credentials | undefined> {
  if (path !== undefined) return requireCredentialsFile(path);
  const accessKeyId = environment.LOGSTORE_ACCESS_KEY || environment.AWS_ACCESS_KEY_ID;
  const secretAccessKey = environment.LOGSTORE_SECRET_KEY || environment.AWS_SECRET_ACCESS_KEY;
  if (accessKeyId && secretAccessKey) return { accessKeyId, secretAccessKey };
  if (signed === 'if-possible') return undefined;
  throw new LogStoreError(
    'INVALID_ARGUMENT',
    'an endpoint needs a key pair: --credentials DIR/credentials.json, or set ' +
      'LOGSTORE_ACCESS_KEY and LOGSTORE_SECRET_KEY, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
  );
}
