import { join } from 'node:path';
import { nodeHost } from '../src/host/node-host.js';
import { openStore } from '../src/open-store.js';
import { openUsers } from '../src/open-users.js';
import { openStoreKeys, storeKeysPath } from '../src/store-keys.js';
import type { Bench, Figure } from './figure.js';
import { OtherProcess } from './other-process.js';
import { alternate, compared } from './rounds.js';
import { type Load, LoadedServer, portOf } from './served-pair.js';
import { bucket, credentials, userCredentials } from './signed-request.js';
import { inWorkingDirectory } from './working-directory.js';

const MiB = 1024 ** 2;
const small = { sizeBytes: 4096, keys: 2_048, connections: 64, requests: 10_000 };
const large = { sizeBytes: 64 * MiB, keys: 4, connections: 4, requests: 8 };
const statementCount = 20;

/** What deciding costs: a user, policies of the user's and of the bucket's, beside root alone. */
export const judgedPut: Bench = {
  name: 'judged-put',
  asks: 'signed PUTs of 4 KiB and 64 MiB by a user under policies, beside those of root without',
  run: async () => [
    await measure('judged-put/4k', small, 'requests/s', 1),
    await measure('judged-put/64m', large, 'MiB/s', 64),
  ],
};

function measure(bench: string, load: Load, unit: string, perRequest: number): Promise<Figure> {
  return inWorkingDirectory(async (dir) => {
    await fillJudged(join(dir, 'judged'));
    await using asUser = OtherProcess.start('http-load', ['user']);
    await using asRoot = OtherProcess.start('http-load');
    await using judged = OtherProcess.start('store-server', [join(dir, 'judged')]);
    await using plain = OtherProcess.start('store-server', [join(dir, 'plain')]);
    const figures = { sizeBytes: load.sizeBytes, keys: load.keys };
    for (const generator of [asUser, asRoot]) await generator.ask('prepare', figures);
    const ports = { judged: await portOf(judged), plain: await portOf(plain) };
    await asRoot.ask('createBucket', { port: ports.plain });
    const sides = {
      judged: new LoadedServer(judged, asUser, ports.judged, load),
      plain: new LoadedServer(plain, asRoot, ports.plain, load),
    };
    const rates = await alternate({
      judged: async () => (await sides.judged.round('put')) * perRequest,
      plain: async () => (await sides.plain.round('put')) * perRequest,
    });
    const cpu = (side: LoadedServer) =>
      side.outcomes.slice(1).map(({ cpuMsPerRequest }) => cpuMsPerRequest);
    const { ratio } = compared(cpu(sides.judged), cpu(sides.plain));
    const note =
      `${statementCount} statements on the bucket, ${statementCount} of the user's; CPU of the ` +
      `server a request: ${(ratio ?? Number.NaN).toFixed(2)} of root's`;
    const figure = compared(rates('judged'), rates('plain'));
    return { bench, unit, ...figure, target: 'ratio >= 0.8', note };
  });
}

/** A store with a user, and a bucket of root's into which policies let that user put. */
async function fillJudged(dir: string): Promise<void> {
  const host = nodeHost(dir);
  await using store = await openStore({ dir });
  const keys = await openStoreKeys(storeKeysPath(dir, undefined), host.random);
  const root = { accessKeyId: credentials.accessKeyId, secretAccessKey: credentials.secret };
  const users = await openUsers({ store, root, keys, host, warn: () => {} });
  await users.setPolicy('many', policyText(false));
  const { accessKeyId, secret: secretAccessKey } = userCredentials;
  await users.add({ name: 'user', policies: ['many'], accessKeyId, secretAccessKey });
  await store.createBucket(bucket);
  await store.setBucketConfiguration(bucket, 'policy', policyText(true));
}

/** The last statement of a bucket's policy allows; all others must be looked at before it. */
function policyText(ofBucket: boolean): string {
  const principal = ofBucket ? { Principal: { AWS: 'arn:aws:iam:::user/user' } } : {};
  const statements = Array.from({ length: statementCount - 1 }, (_, index) => ({
    Effect: index % 2 === 0 ? 'Deny' : 'Allow',
    ...principal,
    Action: ['s3:PutObject', 's3:GetObject'],
    Resource: `arn:aws:s3:::${bucket}/*/part-${index}-*/x`,
    Condition: {
      IpAddress: { 'aws:SourceIp': '127.0.0.0/8' },
      StringLike: { 'aws:username': '*' },
    },
  }));
  const allow = {
    ...{ Effect: 'Allow', ...principal, Action: 's3:*' },
    Resource: `arn:aws:s3:::${bucket}/*`,
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  };
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: ofBucket ? [...statements, allow] : statements,
  });
}
