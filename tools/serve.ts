import type { pino } from 'pino';
import { isLogStoreError } from '../src/base/errors.js';
import type { Config } from '../src/config.js';
import { credentialsPath } from '../src/root-credentials.js';
import { type RunningServer, startServer } from '../src/server.js';
import { exitCodes } from './exit-code.js';
import { serverLog } from './server-log.js';
import { aborted, stopSignals } from './stop-signals.js';

/** Runs the server until SIGTERM or SIGINT; a second one ends the process where it stands. */
export async function serve(config: Config): Promise<void> {
  const logger = serverLog(config.logLevel);
  stopOnBugs(logger);
  const stopped = stopSignals(logger);
  logger.info({ dir: config.dir, pid: process.pid }, 'starting');
  let server: RunningServer;
  try {
    server = await startServer(config, logger, stopped);
  } catch (error) {
    if (stopped.aborted && isLogStoreError(error, 'ABORTED')) return;
    throw error;
  }
  logger.info({ url: server.url }, 'listening');
  process.stderr.write(greeting(config, server));
  await aborted(stopped);
  await server.close();
  logger.info({}, 'stopped');
}

/** What nobody handles may have left anything half done: the next start decides from disk. */
function stopOnBugs(logger: pino.Logger): void {
  const fail = (error: unknown) => {
    logger.fatal({ err: error }, 'an error that nobody handles: this process ends');
    process.exit(exitCodes.failed);
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
}

/** For people, beside the log: a secret must not stand in a log. */
function greeting(config: Config, { url, credentialsMade }: RunningServer): string {
  const path = credentialsPath(config);
  if (credentialsMade === undefined) return `logstore serves '${config.dir}' at ${url}\n`;
  return `logstore serves '${config.dir}' at ${url}

A key pair was made for this store. It is shown this once and kept in '${path}':

  export AWS_ACCESS_KEY_ID=${credentialsMade.accessKeyId}
  export AWS_SECRET_ACCESS_KEY=${credentialsMade.secretAccessKey}
  export AWS_REGION=${config.region} AWS_ENDPOINT_URL=${url}
  aws s3 mb s3://first && echo hello | aws s3 cp - s3://first/hello.txt && aws s3 ls s3://first

`;
}
