import type { LifecycleFilter, LifecycleRule } from '../../store/lifecycle-face.js';
import { S3Error } from './s3-error.js';
import { childText, malformed, type XmlElement } from './xml-read.js';

const rulesMax = 1_000; // S3's own limits
const idCharactersMax = 255;
const newerVersionsMax = 100;
const dayMs = 86_400_000;

const transitions = [
  'Transition',
  'NoncurrentVersionTransition',
  'Transitions',
  'NoncurrentVersionTransitions',
];

/**
 * The rules of a `LifecycleConfiguration`.
 * @param newId for rules that have none
 * @throws S3Error `MalformedXML`, `InvalidArgument`, `InvalidRequest`; `NotImplemented` for
 *   transitions: there is one storage class
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
 */
export function readLifecycleRules(
  { children }: XmlElement,
  newId: () => string,
): readonly LifecycleRule[] {
  if (children.length === 0 || children.length > rulesMax) throw malformed();
  const rules = children.map((element) => readRule(element, newId));
  if (new Set(rules.map(({ id }) => id)).size < rules.length) {
    const message = 'Rule ID must be unique. Found same ID for more than one rule';
    throw new S3Error('InvalidArgument', message);
  }
  if (children.some((element) => transitions.some((name) => only(element, name)))) {
    throw new S3Error('NotImplemented', 'Transitions need another storage class; there is one.');
  }
  return rules;
}

function readRule(element: XmlElement, newId: () => string): LifecycleRule {
  if (element.name !== 'Rule') throw malformed();
  const given = childText(element, 'ID')?.trim() ?? '';
  if (given.length > idCharactersMax) {
    const message = `ID length should not exceed allowed limit of ${idCharactersMax}`;
    throw new S3Error('InvalidArgument', message);
  }
  const status = childText(element, 'Status')?.trim();
  if (status !== 'Enabled' && status !== 'Disabled') throw malformed();
  const filtered = readFilter(element);
  const expiration = readExpiration(only(element, 'Expiration'));
  const noncurrent = readNoncurrent(only(element, 'NoncurrentVersionExpiration'));
  const abortDays = readAbort(only(element, 'AbortIncompleteMultipartUpload'));
  const moves = element.children.filter(({ name }) => transitions.includes(name));
  for (const move of moves) checkTransition(move);
  const rule: LifecycleRule = {
    ...{ id: given === '' ? newId() : given, enabled: status === 'Enabled', ...filtered },
    ...(expiration === undefined ? {} : { expiration }),
    ...(noncurrent === undefined ? {} : { noncurrent }),
    ...(abortDays === undefined ? {} : { abortDays }),
  };
  if ((expiration ?? noncurrent ?? abortDays) === undefined && moves.length === 0) {
    throw invalid('At least one action needs to be specified in a rule');
  }
  checkFilterOf(rule);
  return rule;
}

/** Some filters do not go with some actions. */
function checkFilterOf({ filter, expiration, abortDays }: LifecycleRule): void {
  const { tags, sizeAboveBytes, sizeBelowBytes } = filter;
  const hasSize = sizeAboveBytes !== undefined || sizeBelowBytes !== undefined;
  if (abortDays !== undefined && (tags !== undefined || hasSize)) {
    throw invalid('AbortIncompleteMultipartUpload cannot be specified with tags or sizes');
  }
  if (expiration !== undefined && 'marker' in expiration && tags !== undefined) {
    throw invalid('ExpiredObjectDeleteMarker cannot be specified with tags');
  }
}

function readFilter(rule: XmlElement): Pick<LifecycleRule, 'filter' | 'form'> {
  const element = only(rule, 'Filter');
  const prefix = childText(rule, 'Prefix');
  if (element === undefined) {
    if (prefix === undefined) throw malformed();
    return { form: 'prefix', filter: { prefix } };
  }
  if (prefix !== undefined || element.children.length > 1) throw malformed();
  const [condition] = element.children;
  if (condition?.name !== 'And') return { form: 'filter', filter: readConditions(element) };
  if (condition.children.length === 0) throw malformed();
  return { form: 'and', filter: readConditions(condition) };
}

const conditions = ['Prefix', 'Tag', 'ObjectSizeGreaterThan', 'ObjectSizeLessThan'];

function readConditions(element: XmlElement): LifecycleFilter {
  if (!element.children.every(({ name }) => conditions.includes(name))) throw malformed();
  const prefix = childText(element, 'Prefix');
  const tags = element.children.filter(({ name }) => name === 'Tag').map(readTag);
  if (new Set(tags.map(([name]) => name)).size < tags.length) {
    throw invalid('Duplicate Tag Keys are not allowed.');
  }
  const sizeAboveBytes = sizeOf(childText(element, 'ObjectSizeGreaterThan'), 0);
  const sizeBelowBytes = sizeOf(childText(element, 'ObjectSizeLessThan'), 1);
  if (sizeBelowBytes !== undefined && (sizeAboveBytes ?? -1) >= sizeBelowBytes) {
    throw invalid("'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'");
  }
  return {
    ...(prefix === undefined ? {} : { prefix }),
    ...(tags.length === 0 ? {} : { tags }),
    ...(sizeAboveBytes === undefined ? {} : { sizeAboveBytes }),
    ...(sizeBelowBytes === undefined ? {} : { sizeBelowBytes }),
  };
}

function readTag(element: XmlElement): readonly [string, string] {
  const [name, value] = [childText(element, 'Key'), childText(element, 'Value')];
  if (name === undefined || name === '' || value === undefined) throw malformed();
  return [name, value];
}

function readExpiration(element: XmlElement | undefined): LifecycleRule['expiration'] {
  if (element === undefined) return undefined;
  const days = childText(element, 'Days');
  const date = childText(element, 'Date');
  const marker = childText(element, 'ExpiredObjectDeleteMarker')?.trim();
  const given = [days, date, marker].filter((each) => each !== undefined);
  if (given.length !== 1) throw malformed();
  if (days !== undefined) return { days: daysOf(days, "'Days' for Expiration action") };
  if (date !== undefined) return { dateUnixMs: midnightOf(date) };
  if (marker !== 'true' && marker !== 'false') throw malformed();
  return { marker: marker === 'true' };
}

function readNoncurrent(element: XmlElement | undefined): LifecycleRule['noncurrent'] {
  if (element === undefined) return undefined;
  const days = childText(element, 'NoncurrentDays');
  const newer = childText(element, 'NewerNoncurrentVersions');
  if (days === undefined) throw malformed();
  const what = "'NoncurrentDays' for NoncurrentVersionExpiration action";
  if (newer === undefined) return { days: daysOf(days, what) };
  const newerCount = daysOf(newer, "'NewerNoncurrentVersions'");
  if (newerCount > newerVersionsMax) {
    const message = `'NewerNoncurrentVersions' must be at most ${newerVersionsMax}`;
    throw new S3Error('InvalidArgument', message);
  }
  return { days: daysOf(days, what), newerCount };
}

function readAbort(element: XmlElement | undefined): number | undefined {
  if (element === undefined) return undefined;
  const days = childText(element, 'DaysAfterInitiation');
  if (days === undefined) throw malformed();
  return daysOf(days, "'DaysAfterInitiation' for AbortIncompleteMultipartUpload action");
}

/** What is not served is checked all the same: its sender has the nearer fault named. */
function checkTransition(element: XmlElement): void {
  const date = childText(element, 'Date');
  if (date !== undefined) midnightOf(date);
  const days = childText(element, 'Days') ?? childText(element, 'NoncurrentDays');
  if (days !== undefined && !/^\d{1,9}$/.test(days.trim())) throw malformed();
  if ((childText(element, 'StorageClass') ?? '') === '') throw malformed();
}

function daysOf(text: string, what: string): number {
  if (!/^-?\d{1,15}$/.test(text.trim())) throw malformed();
  const days = Number(text);
  if (days >= 1 && days <= 2_147_483_647) return days;
  throw new S3Error('InvalidArgument', `${what} must be a positive integer`);
}

function sizeOf(text: string | undefined, min: number): number | undefined {
  if (text === undefined) return undefined;
  if (!/^-?\d{1,15}$/.test(text.trim())) throw malformed();
  const sizeBytes = Number(text);
  if (sizeBytes >= min) return sizeBytes;
  throw new S3Error('InvalidArgument', `An object size must be at least ${min}`);
}

function midnightOf(text: string): number {
  const isDate = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/;
  const unixMs = isDate.test(text.trim()) ? Date.parse(text.trim()) : Number.NaN;
  if (Number.isNaN(unixMs) || unixMs < 0) throw malformed();
  if (unixMs % dayMs === 0) return unixMs;
  throw new S3Error('InvalidArgument', "'Date' must be at midnight GMT");
}

function only(element: XmlElement, name: string): XmlElement | undefined {
  const found = element.children.filter((child) => child.name === name);
  if (found.length > 1 && !transitions.includes(name)) throw malformed();
  return found[0];
}

function invalid(message: string): S3Error {
  return new S3Error('InvalidRequest', message);
}
