import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetBucketNotificationConfigurationCommand,
  type NotificationConfiguration,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { codeOf, failureOf, type S3Place, s3Place } from '../e2e/s3-place.js';

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html */
const notifications = suite('notifications over S3');

const Bucket = 'told';
const hookArn = 'arn:logstore:sqs::hook:webhook';
let at: S3Place;
let hook: Webhook;
notifications.before(async () => {
  hook = await Webhook.listen();
  at = await s3Place({ eventsWebhooks: `hook=${hook.url},other=${hook.url}` });
  await at.client.send(new CreateBucketCommand({ Bucket }));
});
notifications.after(async () => {
  await at.close();
  hook.close();
});

/** Hears what a target is told. */
class Webhook {
  readonly messages: Message[] = [];
  readonly #waiting: (() => void)[] = [];

  private constructor(private readonly server: Server) {}

  static async listen(): Promise<Webhook> {
    const server = createServer();
    const hook = new Webhook(server);
    server.on('request', (request: IncomingMessage, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      request.on('end', () => {
        response.end();
        hook.messages.push(JSON.parse(text) as Message);
        for (const done of hook.#waiting.splice(0)) done();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return hook;
  }

  get url(): string {
    const address = this.server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    return `http://127.0.0.1:${port}/events`;
  }

  async heard(count: number): Promise<readonly Message[]> {
    while (this.messages.length < count) {
      await new Promise<void>((done) => this.#waiting.push(done));
    }
    return this.messages.splice(0);
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

interface Message {
  readonly Records: readonly {
    readonly eventVersion: string;
    readonly eventSource: string;
    readonly awsRegion: string;
    readonly eventTime: string;
    readonly eventName: string;
    readonly userIdentity: { readonly principalId: string };
    readonly requestParameters: { readonly sourceIPAddress: string };
    readonly responseElements: Readonly<Record<string, string>>;
    readonly s3: {
      readonly configurationId: string;
      readonly bucket: { readonly name: string; readonly arn: string };
      readonly object: Readonly<Record<string, string | number>>;
    };
  }[];
}

const set = (wanted: NotificationConfiguration) =>
  at.client.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket,
      NotificationConfiguration: wanted,
    }),
  );
const get = () => at.client.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
const all: NotificationConfiguration = {
  QueueConfigurations: [
    { Id: 'all', QueueArn: hookArn, Events: ['s3:ObjectCreated:*', 's3:ObjectRemoved:Delete'] },
  ],
};

notifications('a bucket without any has an empty configuration', async () => {
  await set({});
  const { $metadata, ...none } = await get();
  assert.is($metadata.httpStatusCode, 200);
  assert.equal(none, {});
});

notifications('a message has the form that AWS gives it', async () => {
  await set(all);
  const { ETag } = await at.client.send(
    new PutObjectCommand({ Bucket, Key: 'a b/c+d', Body: 'hello' }),
  );
  await at.client.send(new DeleteObjectCommand({ Bucket, Key: 'a b/c+d' }));
  const [made, removed] = (await hook.heard(2)).map(({ Records }) => Records[0]);
  assert.is(made?.eventVersion, '2.2');
  assert.is(made?.eventSource, 'aws:s3');
  assert.is(made?.awsRegion, 'us-east-1');
  assert.match(made?.eventTime ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.is(made?.eventName, 'ObjectCreated:Put');
  assert.is(made?.s3.configurationId, 'all');
  assert.is(made?.s3.bucket.name, Bucket);
  assert.is(made?.s3.bucket.arn, `arn:aws:s3:::${Bucket}`);
  const { sequencer, ...object } = made?.s3.object ?? {};
  assert.equal(object, { key: 'a+b/c%2Bd', size: 5, eTag: ETag?.replaceAll('"', '') });
  assert.is(removed?.eventName, 'ObjectRemoved:Delete');
  assert.ok(String(removed?.s3.object.sequencer) > String(sequencer));
});

notifications('a message says who sent the request, from where, and which one it was', async () => {
  const events = ['s3:ObjectCreated:*', 's3:ObjectRemoved:*', 's3:ObjectTagging:*'] as const;
  await set({
    QueueConfigurations: [{ QueueArn: hookArn, Events: [...events, 's3:ObjectAcl:Put'] }],
  });
  const root = await at.send({ method: 'GET', target: '/' });
  const principalId = /<ID>([^<]+)/.exec(root.body.toString())?.[1];
  const tags = '<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>';
  const key = `/${Bucket}/caused`;
  const copied = { 'x-amz-copy-source': key };
  const acl = { 'x-amz-acl': 'bucket-owner-full-control' };
  const many = '<Delete><Object><Key>copy</Key></Object></Delete>';
  for (const [eventName, request] of [
    ['ObjectCreated:Put', { method: 'PUT', target: key, body: 'x' }],
    ['ObjectCreated:Copy', { method: 'PUT', target: `/${Bucket}/copy`, headers: copied }],
    ['ObjectTagging:Put', { method: 'PUT', target: `${key}?tagging`, body: tags }],
    ['ObjectTagging:Delete', { method: 'DELETE', target: `${key}?tagging` }],
    ['ObjectAcl:Put', { method: 'PUT', target: `${key}?acl`, headers: acl, body: '' }],
    ['ObjectRemoved:Delete', { method: 'POST', target: `/${Bucket}?delete`, body: many }],
    ['ObjectRemoved:Delete', { method: 'DELETE', target: key }],
  ] as const) {
    const { status, headers } = await at.send(request);
    assert.ok(status < 300, eventName);
    const [message] = await hook.heard(1);
    const record = message?.Records[0];
    assert.is(record?.eventName, eventName);
    assert.is(record?.userIdentity.principalId, principalId);
    assert.is(record?.requestParameters.sourceIPAddress, '127.0.0.1');
    const { 'x-amz-request-id': requestId, 'x-amz-id-2': hostId } = headers;
    const told = { 'x-amz-request-id': requestId, 'x-amz-id-2': hostId };
    assert.equal(record?.responseElements, told, eventName);
  }
});

notifications('rules of every kind come back as they were sent', async () => {
  const filter = (Name: 'prefix' | 'suffix', Value: string) => ({
    Key: { FilterRules: [{ Name, Value }] },
  });
  const sent: NotificationConfiguration = {
    QueueConfigurations: [
      {
        ...{ Id: 'q', QueueArn: hookArn, Events: ['s3:ObjectCreated:Put'] },
        Filter: filter('prefix', 'in/'),
      },
    ],
    TopicConfigurations: [
      {
        ...{ Id: 't', TopicArn: 'arn:aws:sns:us-east-1:123456789012:other' },
        ...{ Events: ['s3:ObjectRemoved:*'], Filter: filter('suffix', '.jpg') },
      },
    ],
    LambdaFunctionConfigurations: [
      {
        ...{ Id: 'f', LambdaFunctionArn: 'arn:minio:sqs::hook:webhook' },
        Events: ['s3:LifecycleExpiration:Delete'],
      },
    ],
  };
  await set(sent);
  const { $metadata, ...found } = await get();
  assert.equal(found, sent);
  await set({});
});

const rule = (inner: string, arn = hookArn) =>
  `<NotificationConfiguration><QueueConfiguration><Queue>${arn}</Queue>${inner}` +
  '</QueueConfiguration></NotificationConfiguration>';
const put = '<Event>s3:ObjectCreated:Put</Event>';
const filtered = (name: string, value = 'x') =>
  `<Filter><S3Key><FilterRule><Name>${name}</Name><Value>${value}</Value></FilterRule></S3Key></Filter>`;
const one = `<QueueConfiguration><Queue>${hookArn}</Queue>${put}</QueueConfiguration>`;

for (const [what, code, document] of [
  ['nothing', 'MissingRequestBodyError', ''],
  ['another root', 'MalformedXML', '<x/>'],
  ['no event', 'MalformedXML', rule('')],
  ['an event that is none', 'InvalidArgument', rule('<Event>s3:Object:Thing</Event>')],
  ['an event nobody tells', 'NotImplemented', rule('<Event>s3:ObjectRestore:Post</Event>')],
  ['a target that is none', 'InvalidArgument', rule(put, 'arn:logstore:sqs::no:webhook')],
  ['what is no ARN', 'InvalidArgument', rule(put, 'hook')],
  ['a filter by something else', 'InvalidArgument', rule(put + filtered('middle'))],
  ['a long filter', 'InvalidArgument', rule(put + filtered('prefix', 'x'.repeat(1025)))],
  [
    ...(['two of one event', 'InvalidArgument'] as const),
    `<NotificationConfiguration>${one}${one}</NotificationConfiguration>`,
  ],
] as const)
  notifications(`${what}: ${code}, and what was set before stays`, async () => {
    await set(all);
    const sent = { method: 'PUT', target: `/${Bucket}?notification`, body: document };
    const answer = await at.send(sent);
    assert.is(codeOf(answer), code);
    assert.is((await get()).QueueConfigurations?.length, 1);
    await set({});
  });

notifications('an event that a rule names twice is told once', async () => {
  const body = rule(put + put);
  await at.send({ method: 'PUT', target: `/${Bucket}?notification`, body });
  const { QueueConfigurations = [] } = await get();
  assert.equal(
    QueueConfigurations.map(({ Events }) => Events),
    [['s3:ObjectCreated:Put']],
  );
  await set({});
});

notifications('no bucket, no notifications; and nobody without a signature sets any', async () => {
  const nowhere = new GetBucketNotificationConfigurationCommand({ Bucket: 'nowhere' });
  assert.is(await failureOf(at.client.send(nowhere)), 'NoSuchBucket');
  for (const method of ['GET', 'PUT']) {
    const answer = await at.sendUnsigned({ method, target: `/${Bucket}?notification` });
    assert.is(answer.status, 403, method);
  }
});

notifications('a setting that names no webhook ends the start', async () => {
  for (const eventsWebhooks of ['hook', 'a=ftp://x', 'a=http://x,a=http://y', 'a b=http://x']) {
    assert.is(await failureOf(s3Place({ eventsWebhooks })), 'LogStoreError', eventsWebhooks);
  }
});

notifications.run();
