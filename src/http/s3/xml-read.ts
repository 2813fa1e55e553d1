import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { S3Error } from './s3-error.js';

/** One element of a request body: its name without prefix, its own text, the elements inside. */
export interface XmlElement {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

const cdataPropName = '#cdata';
const depthMax = 16; // the deepest body that S3 defines here has four levels

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: true,
  removeNSPrefix: true,
  parseTagValue: false,
  trimValues: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  // References are resolved here, the numeric and the five predefined ones alone: nothing expands.
  processEntities: false,
  cdataPropName,
  maxNestedTags: depthMax,
});

/**
 * Reads a request body.
 * @param root the name that its outermost element must have
 * @throws S3Error `MissingRequestBodyError`; `MalformedXML`, also for document types, entities
 *   and deep nesting
 */
export function readXml(body: Uint8Array, root: string): XmlElement {
  if (body.length === 0) throw new S3Error('MissingRequestBodyError');
  const text = decodeUtf8(body);
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text) || XMLValidator.validate(text) !== true) throw malformed();
  const [element, second] = elementsOf(parse(text), 0);
  if (element === undefined || second !== undefined || element.name !== root) throw malformed();
  return element;
}

/** The text of the only child of that name; undefined without one. */
export function childText(element: XmlElement, name: string): string | undefined {
  const found = element.children.filter((child) => child.name === name);
  if (found.length > 1 || (found[0]?.children.length ?? 0) > 0) throw malformed();
  return found[0]?.text;
}

/** The only child of that name; undefined without one. */
export function onlyChild({ children }: XmlElement, name: string): XmlElement | undefined {
  const found = children.filter((child) => child.name === name);
  if (found.length > 1) throw malformed();
  return found[0];
}

export function malformed(cause?: unknown): S3Error {
  return new S3Error('MalformedXML', undefined, { cause });
}

function decodeUtf8(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch (cause) {
    throw malformed(cause);
  }
}

function parse(text: string): unknown {
  try {
    return parser.parse(text);
  } catch (cause) {
    throw malformed(cause);
  }
}

/** The parser's ordered form: a list of objects with one property each, name or `#text`. */
function elementsOf(nodes: unknown, depth: number): XmlElement[] {
  if (!Array.isArray(nodes) || depth > depthMax) throw malformed();
  const elements: XmlElement[] = [];
  for (const node of nodes) {
    const [name, content] = onlyProperty(node);
    if (name === '#text' || name === cdataPropName) continue;
    const children = elementsOf(content, depth + 1);
    elements.push({ name, text: textOf(content), children });
  }
  return elements;
}

function textOf(nodes: unknown): string {
  if (!Array.isArray(nodes)) throw malformed();
  let text = '';
  for (const node of nodes) {
    const [name, content] = onlyProperty(node);
    if (name === '#text') text += resolveReferences(String(content));
    else if (name === cdataPropName) text += cdataText(content);
  }
  return text;
}

function onlyProperty(node: unknown): [name: string, content: unknown] {
  if (typeof node !== 'object' || node === null) throw malformed();
  const [property] = Object.entries(node);
  if (property === undefined) throw malformed();
  return property;
}

function cdataText(nodes: unknown): string {
  if (!Array.isArray(nodes)) throw malformed();
  return nodes.map((node) => String(onlyProperty(node)[1])).join('');
}

const predefined: ReadonlyMap<string, string> = new Map([
  ...Object.entries({ lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }),
]);

function resolveReferences(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&([^;&]{0,10});?/g, (whole, name: string) => {
    const character = whole.endsWith(';') ? (predefined.get(name) ?? numeric(name)) : undefined;
    if (character === undefined) throw malformed();
    return character;
  });
}

/** `#10` or `#xA`. References to what XML 1.0 forbids are taken: keys may hold any character. */
function numeric(name: string): string | undefined {
  const digits = /^#(?:x([0-9a-f]{1,6})|([0-9]{1,7}))$/i.exec(name);
  if (digits === null) return undefined;
  const point = digits[1] !== undefined ? Number.parseInt(digits[1], 16) : Number(digits[2]);
  const surrogate = point >= 0xd800 && point <= 0xdfff;
  return surrogate || point > 0x10ffff ? undefined : String.fromCodePoint(point);
}
