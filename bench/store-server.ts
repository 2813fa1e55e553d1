/** The server as `logstore serve` runs it, its log of requests thrown away; argument: DIR. */
import { pino } from 'pino';
import { loadConfig } from '../src/config.js';
import { startServer } from '../src/server.js';
import { gaugeServer } from './server-gauge.js';
import { credentials, region } from './signed-request.js';

const [, , dir = ''] = process.argv;
const config = loadConfig({
  flags: { dir, port: '0', region },
  environment: {
    LOGSTORE_ACCESS_KEY: credentials.accessKeyId,
    LOGSTORE_SECRET_KEY: credentials.secret,
  },
});
const logger = pino({ base: null }, pino.destination('/dev/null'));
const server = await startServer(config, logger);
gaugeServer(Number(new URL(server.url).port), () => server.close());
