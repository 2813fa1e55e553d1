import {
  eventNames,
  type NotificationRule,
  notificationRulesOf,
  notificationText,
} from '../../store/notification-face.js';
import { readWholeBody } from './body.js';
import type { Exchange } from './exchange.js';
import { S3Error } from './s3-error.js';
import { s3Document, type XmlWriter } from './xml.js';
import { childText, malformed, readXml, type XmlElement } from './xml-read.js';

const bodyBytesMax = 256 * 1024;
const rulesMax = 100; // S3's own limits
const filterCharactersMax = 1_024;

/** By kind: the elements of a rule and of what is told. */
const elements = {
  queue: ['QueueConfiguration', 'Queue'],
  topic: ['TopicConfiguration', 'Topic'],
  function: ['CloudFunctionConfiguration', 'CloudFunction'],
} as const;
type Kind = keyof typeof elements;
const kinds = Object.keys(elements) as Kind[];

/** S3 has these events, and here they are not told. */
const eventsNotTold = [
  ...['s3:ReducedRedundancyLostObject', 's3:ObjectRestore:', 's3:Replication:', 's3:TestEvent'],
  ...['s3:LifecycleTransition', 's3:IntelligentTiering'],
];

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketNotificationConfiguration.html */
export async function getBucketNotification({ store, bucket, answer }: Exchange): Promise<void> {
  const found = await store.bucketConfiguration(bucket, 'notification');
  const xml = s3Document('NotificationConfiguration');
  const rules = found === undefined ? [] : notificationRulesOf(String(found.value));
  for (const rule of rules) writeRule(xml, rule);
  answer.sendXml(200, xml.close('NotificationConfiguration').toString());
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html */
export async function putBucketNotification(exchange: Exchange): Promise<void> {
  const { store, bucket, edge, answer } = exchange;
  const body = await readWholeBody(exchange, bodyBytesMax);
  await store.headBucket(bucket);
  const { children } = readXml(body, 'NotificationConfiguration');
  if (children.length > rulesMax) throw malformed();
  const newId = (): string => Buffer.from(edge.random.bytes(18)).toString('base64url');
  const rules = children.map((element) => readRule(element, edge.eventTargets ?? [], newId));
  if (new Set(rules.map(({ id }) => id)).size < rules.length) {
    throw new S3Error(
      'InvalidArgument',
      'Same ID used for multiple configurations. IDs must be unique',
    );
  }
  checkOverlaps(rules);
  // None at all: that is how S3 has them removed.
  const value = rules.length === 0 ? null : notificationText(rules);
  await store.setBucketConfiguration(bucket, 'notification', value);
  answer.sendEmpty(200);
}

function readRule(
  element: XmlElement,
  targets: readonly string[],
  newId: () => string,
): NotificationRule {
  const kind = kinds.find((each) => elements[each][0] === element.name);
  if (element.name === 'EventBridgeConfiguration') {
    throw new S3Error('NotImplemented', 'There is no EventBridge here; webhooks are told.');
  }
  if (kind === undefined) throw malformed();
  const arn = childText(element, elements[kind][1])?.trim();
  const events = [...new Set(childrenOf(element, 'Event').map(readEvent))];
  if (arn === undefined || events.length === 0) throw malformed();
  const target = targets.find((name) => namesTarget(arn, name));
  if (target === undefined) {
    const message = 'Unable to validate the following destination configurations';
    throw new S3Error('InvalidArgument', `${message}: there is no webhook for '${arn}'`);
  }
  const id = childText(element, 'Id')?.trim() || newId();
  return { id, kind, arn, target, events, ...readFilter(element) };
}

/** `arn:PARTITION:sqs:REGION:NAME:webhook`, as MinIO has it, or AWS's `arn:aws:sns:...:NAME`. */
function namesTarget(arn: string, name: string): boolean {
  const parts = arn.split(':');
  if (parts[0] !== 'arn' || parts.length !== 6) return false;
  return parts[5] === 'webhook' ? parts[4] === name : parts[5] === name;
}

function readEvent({ text }: XmlElement): string {
  const event = text.trim();
  if (eventNames.includes(event)) return event;
  if (eventsNotTold.some((beginning) => event.startsWith(beginning))) {
    throw new S3Error('NotImplemented', `Of '${event}' nobody is told here.`);
  }
  throw new S3Error('InvalidArgument', `The event '${event}' is not supported for notifications`);
}

function readFilter(element: XmlElement): Pick<NotificationRule, 'prefix' | 'suffix'> {
  const found = { prefix: '', suffix: '' };
  const seen = new Set<string>();
  for (const filter of childrenOf(element, 'Filter')) {
    for (const key of childrenOf(filter, 'S3Key')) {
      for (const rule of childrenOf(key, 'FilterRule')) {
        const name = childText(rule, 'Name')?.trim().toLowerCase();
        const value = childText(rule, 'Value');
        if (value === undefined) throw malformed();
        if (name !== 'prefix' && name !== 'suffix') {
          const message = 'filter rule name must be either prefix or suffix';
          throw new S3Error('InvalidArgument', message);
        }
        if (seen.has(name)) {
          const message = `Cannot specify more than one ${name} rule in a filter.`;
          throw new S3Error('InvalidArgument', message);
        }
        if (value.length > filterCharactersMax) {
          const message = `Size of filter rule value cannot exceed ${filterCharactersMax} bytes`;
          throw new S3Error('InvalidArgument', message);
        }
        seen.add(name);
        found[name] = value;
      }
    }
  }
  return found;
}

function childrenOf({ children }: XmlElement, name: string): readonly XmlElement[] {
  return children.filter((child) => child.name === name);
}

/** Nobody is told of one event twice, as S3 has it: not by two rules for one target. */
function checkOverlaps(rules: readonly NotificationRule[]): void {
  for (const [index, rule] of rules.entries()) {
    if (!rules.slice(index + 1).some((other) => overlaps(rule, other))) continue;
    const message =
      'Configurations overlap. Configurations on the same bucket cannot share a common event type.';
    throw new S3Error('InvalidArgument', message);
  }
}

function overlaps(a: NotificationRule, b: NotificationRule): boolean {
  const nested = (one: string, other: string) => one.startsWith(other) || other.startsWith(one);
  const nestedEnds = (one: string, other: string) => one.endsWith(other) || other.endsWith(one);
  if (a.target !== b.target) return false;
  if (!nested(a.prefix, b.prefix) || !nestedEnds(a.suffix, b.suffix)) return false;
  return a.events.some((event) => b.events.some((other) => isWithin(event, other)));
}

function isWithin(a: string, b: string): boolean {
  const kind = (event: string) => event.slice(0, event.lastIndexOf(':') + 1);
  return a === b || (kind(a) === kind(b) && (a.endsWith('*') || b.endsWith('*')));
}

function writeRule(xml: XmlWriter, rule: NotificationRule): void {
  const { id, kind, arn, events, prefix, suffix } = rule;
  const [name, target] = elements[kind];
  xml.open(name).element('Id', id).element(target, arn);
  for (const event of events) xml.element('Event', event);
  if (prefix !== '' || suffix !== '') {
    xml.open('Filter').open('S3Key');
    for (const [filter, value] of Object.entries({ prefix, suffix })) {
      if (value === '') continue;
      xml.open('FilterRule').element('Name', filter).element('Value', value).close('FilterRule');
    }
    xml.close('S3Key').close('Filter');
  }
  xml.close(name);
}
