import type { Tags } from '../../store/version-options.js';
import { Query } from './query.js';
import { invalidArgument, S3Error } from './s3-error.js';
import type { XmlWriter } from './xml.js';
import { childText, malformed, readXml, type XmlElement } from './xml-read.js';

/** S3's own limits. */
export const tagLimits = Object.freeze({ object: 10, bucket: 50 });
const nameLengthMax = 128;
const valueLengthMax = 256;
/** S3's own: letters, digits and blanks of any script, and a few signs. */
const characters = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/**
 * The tags of a `Tagging` document.
 * @throws S3Error `MalformedXML`, `InvalidTag`
 */
export function readTagging(body: Uint8Array, countMax: number): Tags {
  const tagging = readXml(body, 'Tagging');
  const [set, ...others] = tagging.children;
  if (set?.name !== 'TagSet' || others.length > 0) throw malformed();
  return readTags(set, countMax);
}

/** The tags among the children of an element. @throws S3Error `MalformedXML`, `InvalidTag` */
export function readTags(set: XmlElement, countMax: number): Tags {
  return checkedTags(set.children.map(readTag), countMax);
}

function readTag(element: XmlElement): [name: string, value: string] {
  const [name, value] = [childText(element, 'Key'), childText(element, 'Value')];
  if (element.name !== 'Tag' || name === undefined || value === undefined) throw malformed();
  return [name, value];
}

/**
 * The tags of an `x-amz-tagging` header, which are written as a query: a map, in the order of its
 * names.
 * @throws S3Error `InvalidArgument`, `InvalidTag`
 */
export function tagsOfHeader(header: string | undefined): Tags | undefined {
  if (header === undefined || header === '') return undefined;
  const pairs = header.split('&').filter((pair) => pair !== '');
  const tags = [...parsed(header)];
  if (tags.length < pairs.length || tags.some(([name]) => name === '')) {
    throw badHeader(header);
  }
  tags.sort(([a], [b]) => (a < b ? -1 : 1));
  return checkedTags(tags, tagLimits.object);
}

/** Tags as the header writes them. */
export function tagsHeader(tags: Tags): string {
  const pairs = Object.entries(tags).map((pair) => pair.map(encodeURIComponent).join('='));
  return pairs.join('&');
}

function parsed(header: string): Query {
  try {
    return new Query(header);
  } catch {
    throw badHeader(header);
  }
}

function badHeader(header: string): S3Error {
  const message =
    "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters " +
    'without tag name duplicates.';
  return invalidArgument(message, 'x-amz-tagging', header);
}

function checkedTags(entries: readonly [name: string, value: string][], countMax: number): Tags {
  if (entries.length > countMax) {
    throw countMax === tagLimits.object
      ? new S3Error('InvalidTag', `Object tags cannot be greater than ${countMax}`)
      : new S3Error('BadRequest', `Bucket tag count cannot be greater than ${countMax}`);
  }
  for (const [name, value] of entries) {
    if (name.length === 0 || name.length > nameLengthMax || !characters.test(name)) {
      throw new S3Error('InvalidTag', 'The TagKey you have provided is invalid');
    }
    if (value.length > valueLengthMax || !characters.test(value)) {
      throw new S3Error('InvalidTag', 'The TagValue you have provided is invalid');
    }
    if (name.startsWith('aws:')) {
      throw new S3Error('InvalidTag', 'System tags cannot be added/updated by requester');
    }
  }
  const tags = Object.fromEntries(entries);
  if (Object.keys(tags).length < entries.length) {
    throw new S3Error('InvalidTag', 'Cannot provide multiple Tags with the same key');
  }
  return tags;
}

export function writeTagging(xml: XmlWriter, tags: Tags): XmlWriter {
  xml.open('TagSet');
  for (const [name, value] of Object.entries(tags)) {
    xml.open('Tag').element('Key', name).element('Value', value).close('Tag');
  }
  return xml.close('TagSet').close('Tagging');
}
