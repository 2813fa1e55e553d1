import { once } from 'node:events';
import { Server as HttpsServer } from 'node:https';
import type { Credentials } from './auth/credentials.js';
import type { Users } from './auth/users.js';
import { errnoOf, LogStoreError } from './base/errors.js';
import type { Host, Timer } from './base/host.js';
import { invariant } from './base/invariant.js';
import { watchCertificate } from './certificate-watch.js';
import type { Config } from './config.js';
import { eventWebhooks } from './event-webhooks.js';
import {
  type Certificate,
  type CertificatePaths,
  readCertificate,
} from './host/certificate-files.js';
import { nodeHost } from './host/node-host.js';
import { createHttpServer } from './http/app.js';
import type { WebServer } from './http/guards.js';
import type { Logger } from './http/logger.js';
import { AccessLog } from './http/s3/access-log.js';
import { threadedLedger } from './ledger-options.js';
import { openUsers } from './open-users.js';
import { replayProgress } from './replay-progress.js';
import { findCredentials, makeCredentials } from './root-credentials.js';

import { openStoreOn } from './store/store.js';
import type { LedgerOptions } from './store/store-options.js';
import type { Store } from './store/types.js';
import { requireStore, storeDirectory } from './store-directory.js';
import { kmsKeyNames, openStoreKeys, storeKeysPath } from './store-keys.js';
import { watchStoreKeys } from './store-keys-watch.js';
import { WriterWatch, writerHealth } from './writer-health.js';

const DRAIN_STEP_MS = 50;

export interface RunningServer extends AsyncDisposable {
  /** Where clients reach it: `http://127.0.0.1:9000`. */
  readonly url: string;
  /** The key pair, when this start has made it: the one time that it is shown. */
  readonly credentialsMade: Credentials | undefined;
  /**
   * Stops accepting, waits for requests under way (at most `config.shutdownTimeout`), closes the
   * store. Idempotent.
   */
  close(): Promise<void>;
}

/**
 * Config -> host -> store -> credentials -> HTTP; whatever was opened before a failure is closed.
 * @param stopping once aborted, the start is given up between its steps
 * @throws LogStoreError `LOCKED`, naming the holder; `NOT_A_STORE`; `STORE_DAMAGED`; `IO` where the
 *   address cannot be listened on; `ABORTED`; `INVALID_ARGUMENT` for unusable credentials
 */
export async function startServer(
  config: Config,
  logger: Logger,
  stopping?: AbortSignal,
): Promise<RunningServer> {
  const host = nodeHost(config.dir);
  // Before the store is opened, which may take long: a mistake shows at once.
  const credentialsFound = await findCredentials(config);
  const certificatePaths = certificatePathsOf(config);
  const certificate = certificatePaths && (await readCertificate(certificatePaths));
  if (config.create === 'no') await requireStore(host.disk, config.dir);
  else await storeDirectory(host.disk, config.dir);
  goOn(stopping);
  const targets = eventWebhooks(config.eventsWebhooks ?? '', config.eventsToken);
  const keysPath = storeKeysPath(config.dir, config.encryptionKeyFile);
  const keys = await openStoreKeys(keysPath, host.random);
  let accessLog: AccessLog | undefined; // once there is a store to put it into
  const store = await openStoreOn(host, {
    segmentBytes: config.segmentSize,
    boundaryBytes: config.boundary === '512' ? 512 : 4096,
    reserveBytes: config.reserveSize,
    cacheBytes: config.cacheSize,
    compaction: config.compaction,
    abortUploadsAfterMs: config.abortUploadsAfter,
    lifecycleDayMs: config.lifecycleDay,
    lifecycleActed: (deeds) => accessLog?.noteLifecycle(deeds),
    events: { targets, region: config.region },
    hashThreadsStart: 'at-open',
    parity: config.parity === 'auto' ? 'thread' : 'off',
    scrubPeriodMs: config.scrubPeriod,
    tell: ({ level, message, facts }) => logger[level](facts, message),
    warn: (message, error) => logger.warn({ err: error }, message),
    progress: replayProgress(host.clock, logger),
    holder: holderText(config),
    ledger: config.ledger === 'on' ? ledgerOf(config) : undefined,
    keys,
  });
  try {
    goOn(stopping);
    const credentials = credentialsFound ?? (await makeCredentials(config, host.random));
    const warn = (message: string, error: unknown) => logger.warn({ err: error }, message);
    const users = await openUsers({ store, root: credentials, keys, host, warn });
    accessLog = accessLogOf(config, host, store, users, logger);
    const server = edgeOf(config, host, store, users, logger, certificate, accessLog);
    await listen(server, config);
    const credentialsMade = credentialsFound === undefined ? credentials : undefined;
    const watches: Timer[] = [
      new WriterWatch(() => store.stats(), host.clock, logger),
      watchStoreKeys(keys, host.clock, logger),
    ];
    if (server instanceof HttpsServer && certificatePaths && certificate) {
      const changed = (found: Certificate) => server.setSecureContext(found);
      const { clock } = host;
      watches.push(watchCertificate(certificatePaths, certificate, clock, logger, changed));
    }
    return new Running(config, host, store, server, accessLog, watches, credentialsMade);
  } catch (error) {
    await store.close();
    throw error;
  }
}

function ledgerOf(config: Config): LedgerOptions {
  const { dir, ledgerInterval: intervalMs } = config;
  const { ledgerKeyFile: keyFile, ledgerHighWaterFile: highWaterFile } = config;
  const { ledgerWitnesses: witnesses } = config;
  return threadedLedger(dir, { intervalMs, keyFile, highWaterFile, witnesses });
}

class Running implements RunningServer {
  readonly url: string;
  #closed: Promise<void> | undefined;

  constructor(
    private readonly config: Config,
    private readonly host: Host,
    private readonly store: Store,
    private readonly server: WebServer,
    private readonly accessLog: AccessLog,
    private readonly watches: readonly Timer[],
    readonly credentialsMade: Credentials | undefined,
  ) {
    this.url = urlOf(server);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    for (const watch of this.watches) watch.cancel();
    await drain(this.server, this.host, this.config.shutdownTimeout);
    await this.accessLog.close();
    await this.store.close();
  }
}

function certificatePathsOf({ tlsCert, tlsKey }: Config): CertificatePaths | undefined {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined)
    throw new LogStoreError('INVALID_ARGUMENT', '--tls-cert and --tls-key go together');
  return { certificate: tlsCert, key: tlsKey };
}

/** Read by whoever finds the store in use. */
function holderText({ host, port }: Config): string {
  const place = port === 0 ? host : `${host}, port ${port}`;
  return `logstore serve on ${place} (process ${process.pid})`;
}

function accessLogOf(
  { objectOwnership, region, accessLogInterval: intervalMs }: Config,
  { clock, random }: Host,
  store: Store,
  users: Users,
  logger: Logger,
): AccessLog {
  const parts = { store, users, clock, random, logger };
  return new AccessLog({ ...parts, objectOwnership, region, intervalMs });
}

function edgeOf(
  config: Config,
  { clock, random }: Host,
  store: Store,
  users: Users,
  logger: Logger,
  certificate: Certificate | undefined,
  accessLog: AccessLog,
): WebServer {
  return createHttpServer({
    ...{ certificate, accessLog },
    store,
    users,
    objectOwnership: config.objectOwnership,
    clock,
    random,
    logger,
    region: config.region,
    signatureV2: config.signatureV2,
    domain: config.domain,
    websiteDomain: config.websiteDomain,
    customerKeysOverHttp: config.customerKeysOverHttp,
    kmsKeys: kmsKeyNames(config.kmsKeys ?? ''),
    eventTargets: eventWebhooks(config.eventsWebhooks ?? '', undefined).map(({ name }) => name),
    limits: {
      connectionsMax: config.maxConnections,
      connectionsPerAddressMax: config.maxConnections,
      requestsMax: config.maxConnections,
      headersTimeoutMs: config.headersTimeout,
      bodyIdleMs: config.bodyIdleTimeout,
      keepAliveTimeoutMs: config.keepAliveTimeout,
      headerBytesMax: config.maxHeaderSize,
    },
    health: () => writerHealth(store.stats()),
  });
}

async function listen(server: WebServer, { host, port }: Config): Promise<void> {
  server.listen({ host, port });
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new LogStoreError('IO', `cannot listen on ${host}, port ${port}: ${reasonOf(cause)}`, {
      cause,
    });
  }
}

function reasonOf(cause: unknown): string {
  const errno = errnoOf(cause);
  if (errno === 'EADDRINUSE') return 'another process listens there; choose another --port';
  if (errno === 'EADDRNOTAVAIL') return 'no such address here; choose another --host';
  if (errno === 'EACCES') return 'not permitted; ports below 1024 are for root';
  return cause instanceof Error ? cause.message : String(cause);
}

/** Lets requests under way end, for `timeoutMs` at most; what is left is cut off. */
async function drain(server: WebServer, { clock }: Host, timeoutMs: number): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  const deadlineMs = clock.monotonicMs() + timeoutMs;
  const step = () => {
    if (clock.monotonicMs() >= deadlineMs) server.closeAllConnections();
    else server.closeIdleConnections(); // a kept-alive connection whose request has just ended
    timer = clock.after(DRAIN_STEP_MS, step);
  };
  let timer = clock.after(0, step);
  await closed;
  timer.cancel();
  await clock.wait(0); // requests that were cut off are told of it in the next turn
}

function urlOf(server: WebServer): string {
  const address = server.address();
  invariant(address !== null && typeof address === 'object', 'it listens on a port');
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  const scheme = server instanceof HttpsServer ? 'https' : 'http';
  return `${scheme}://${name}:${address.port}`;
}

function goOn(stopping: AbortSignal | undefined): void {
  if (stopping?.aborted) throw new LogStoreError('ABORTED', 'stopped while it was starting');
}
