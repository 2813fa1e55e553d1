import { s3Document } from './xml.js';
import { childText, malformed, readXml, type XmlElement } from './xml-read.js';

/** Where the access log of a bucket goes, and how its objects are named. */
export interface LoggingRule {
  readonly targetBucket: string;
  readonly prefix: string;
  /** `none`: nothing was said of it, which means `simple`. */
  readonly keyFormat: 'none' | 'simple' | 'by-event-time' | 'by-delivery-time';
}

/** A rule as a request asks for it. */
export interface AskedLogging {
  readonly rule: LoggingRule;
  /** Whether it would have objects of the log granted to others. */
  readonly hasGrants: boolean;
}

/**
 * Reads `BucketLoggingStatus`, as it is sent and as it is kept.
 * @returns undefined for none: logging is off
 * @throws S3Error `MalformedXML`
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLogging.html
 */
export function readLoggingStatus(body: Uint8Array): AskedLogging | undefined {
  const status = readXml(body, 'BucketLoggingStatus');
  const enabled = onlyChild(status, 'LoggingEnabled');
  if (enabled === undefined) return undefined;
  const parts = ['TargetBucket', 'TargetPrefix', 'TargetGrants', 'TargetObjectKeyFormat'];
  if (enabled.children.some(({ name }) => !parts.includes(name))) throw malformed();
  const targetBucket = childText(enabled, 'TargetBucket')?.trim() ?? '';
  const prefix = childText(enabled, 'TargetPrefix');
  if (targetBucket === '' || prefix === undefined) throw malformed();
  return {
    rule: { targetBucket, prefix, keyFormat: readKeyFormat(enabled) },
    hasGrants: hasGrants(enabled),
  };
}

/** The document that is kept, and shown. */
export function loggingStatusXml({ targetBucket, prefix, keyFormat }: LoggingRule): string {
  const xml = s3Document('BucketLoggingStatus').open('LoggingEnabled');
  xml.element('TargetBucket', targetBucket).element('TargetPrefix', prefix);
  if (keyFormat !== 'none') {
    xml.open('TargetObjectKeyFormat');
    if (keyFormat === 'simple') xml.element('SimplePrefix', '');
    else {
      const source = keyFormat === 'by-event-time' ? 'EventTime' : 'DeliveryTime';
      xml.open('PartitionedPrefix').element('PartitionDateSource', source);
      xml.close('PartitionedPrefix');
    }
    xml.close('TargetObjectKeyFormat');
  }
  return xml.close('LoggingEnabled').close('BucketLoggingStatus').toString();
}

function readKeyFormat(enabled: XmlElement): LoggingRule['keyFormat'] {
  const format = onlyOf(enabled.children.filter(({ name }) => name === 'TargetObjectKeyFormat'));
  if (format === undefined) return 'none';
  const only = onlyOf(format.children);
  if (only?.name === 'SimplePrefix' && only.children.length === 0) return 'simple';
  if (only?.name !== 'PartitionedPrefix') throw malformed();
  const source = onlyChild(only, 'PartitionDateSource')?.text.trim() ?? 'EventTime';
  if (source === 'EventTime') return 'by-event-time';
  if (source === 'DeliveryTime') return 'by-delivery-time';
  throw malformed();
}

function hasGrants(enabled: XmlElement): boolean {
  const grants = onlyOf(enabled.children.filter(({ name }) => name === 'TargetGrants'));
  if (grants === undefined) return false;
  for (const grant of grants.children) {
    const permission = childText(grant, 'Permission')?.trim() ?? '';
    if (grant.name !== 'Grant' || !/^(FULL_CONTROL|READ|WRITE)$/.test(permission))
      throw malformed();
  }
  return grants.children.length > 0;
}

/** The element inside, of which there may be one alone, of this name. */
function onlyChild({ children }: XmlElement, name: string): XmlElement | undefined {
  const only = onlyOf(children);
  if (only !== undefined && only.name !== name) throw malformed();
  return only;
}

function onlyOf([first, second]: readonly XmlElement[]): XmlElement | undefined {
  if (second !== undefined) throw malformed();
  return first;
}
