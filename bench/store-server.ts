/** The server as `logstore serve` runs it, its log on standard output: DIR [LEDGER on or off]. */
import { loadConfig } from '../src/config.js';
import { startServer } from '../src/server.js';
import { serverLog } from '../tools/server-log.js';
import { gaugeServer } from './server-gauge.js';
import { credentials, region } from './signed-request.js';

const [, , dir = '', ledger = 'off'] = process.argv;
const config = loadConfig({
  flags: { dir, port: '0', region, ledger },
  environment: {
    LOGSTORE_ACCESS_KEY: credentials.accessKeyId,
    LOGSTORE_SECRET_KEY: credentials.secret,
  },
});
const server = await startServer(config, serverLog(config.logLevel));
gaugeServer(Number(new URL(server.url).port), () => server.close());
