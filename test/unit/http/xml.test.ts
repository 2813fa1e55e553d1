import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { S3Error } from '../../../src/http/s3/s3-error.js';
import { escapeXml, s3Document, urlEncode, XmlWriter, xmlTime } from '../../../src/http/s3/xml.js';
import { childText, readXml } from '../../../src/http/s3/xml-read.js';

const writing = suite('XML written');

writing('text is escaped, characters that XML forbids are numeric references', () => {
  assert.is(
    escapeXml('a<b>&"c\'\0\r\n\t\x1f漢'),
    "a&lt;b&gt;&amp;&quot;c'&#x0;&#xd;&#xa;&#x9;&#x1f;漢",
  );
});

writing('elements without a value are left out', () => {
  const xml = new XmlWriter().open('A').element('B', undefined).element('C', 0).close('A');
  assert.is(xml.toString(), '<?xml version="1.0" encoding="UTF-8"?>\n<A><C>0</C></A>');
});

writing('answers carry the name space of S3', () => {
  const xml = s3Document('R').text('x&y').close('R').toString();
  assert.match(xml, '<R xmlns="http://s3.amazonaws.com/doc/2006-03-01/">x&amp;y</R>');
});

writing('times have whole seconds, as Last-Modified has', () => {
  assert.is(xmlTime(1_700_000_000_987), '2023-11-14T22:13:20.000Z');
});

writing('encoding-type=url escapes all but unreserved characters and slashes', () => {
  assert.is(urlEncode("a/b c+d%e~f*(g)'!\n漢"), 'a/b%20c%2Bd%25e~f%2A%28g%29%27%21%0A%E6%BC%A2');
});

const reading = suite('XML read');

const read = (text: string, root = 'Delete') => readXml(Buffer.from(text, 'utf8'), root);
const isMalformed = (error: unknown) => error instanceof S3Error && error.code === 'MalformedXML';

reading('gives elements in order, with their text as it is', () => {
  const element = read(
    '<?xml version="1.0"?><Delete><Object><Key> a </Key></Object><Quiet/></Delete>',
  );
  assert.equal(
    element.children.map(({ name }) => name),
    ['Object', 'Quiet'],
  );
  assert.is(childText(element.children[0] ?? element, 'Key'), ' a ');
});

reading('takes name spaces, prefixes and attributes, comments too', () => {
  const element = read(
    '<s3:Delete xmlns:s3="http://s3.amazonaws.com/doc/2006-03-01/"><!-- x --><s3:Quiet a="b">true</s3:Quiet></s3:Delete>',
  );
  assert.is(childText(element, 'Quiet'), 'true');
});

reading('names that every object has are no references', () => {
  for (const name of ['valueOf', 'toString', '__proto__'])
    assert.throws(() => read(`<Delete><Key>&${name};</Key></Delete>`), isMalformed);
});

reading('resolves predefined and numeric references, once', () => {
  const element = read('<Delete><Key>&lt;&amp;amp;&#13;&#x1F3B8;&quot;&apos;&#0;</Key></Delete>');
  assert.is(childText(element, 'Key'), '<&amp;\r🎸"\'\0');
});

reading('leaves a CDATA section as it stands', () => {
  assert.is(
    childText(read('<Delete><Key>a<![CDATA[&lt;b]]>&gt;</Key></Delete>'), 'Key'),
    'a&lt;b>',
  );
});

reading('numbers are text: nothing is converted', () => {
  assert.is(childText(read('<Delete><Key>0x10</Key></Delete>'), 'Key'), '0x10');
  assert.is(childText(read('<Delete><Key>1e3</Key></Delete>'), 'Key'), '1e3');
});

const nested = (depth: number) => `${'<a>'.repeat(depth)}${'</a>'.repeat(depth)}`;
for (const [what, text] of [
  ['no XML', 'hello'],
  ['an unclosed element', '<Delete><Object></Delete>'],
  ['two roots', '<Delete/><Delete/>'],
  ['another root', '<Other/>'],
  ['a document type', '<!DOCTYPE Delete><Delete/>'],
  ['an entity bomb', '<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Delete>&b;</Delete>'],
  [
    'an external entity',
    '<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]><Delete>&a;</Delete>',
  ],
  ['an unknown entity', '<Delete><Key>&nbsp;</Key></Delete>'],
  ['a bare ampersand', '<Delete><Key>a & b</Key></Delete>'],
  ['a reference to a surrogate', '<Delete><Key>&#xD800;</Key></Delete>'],
  ['a reference beyond Unicode', '<Delete><Key>&#x110000;</Key></Delete>'],
  ['deep nesting', `<Delete>${nested(50)}</Delete>`],
  ['very deep nesting', `<Delete>${nested(100_000)}</Delete>`],
] as const)
  reading(`faults 97: ${what} is MalformedXML`, () => {
    assert.throws(() => {
      const element = read(text);
      childText(element, 'Key');
    }, isMalformed);
  });

reading('faults 97: an empty body is MissingRequestBodyError', () => {
  assert.throws(
    () => readXml(new Uint8Array(0), 'Delete'),
    (error: unknown) => error instanceof S3Error && error.code === 'MissingRequestBodyError',
  );
});

reading('faults 97: bytes that are not UTF-8 are MalformedXML', () => {
  const body = Buffer.from('<Delete><Key>\xff</Key></Delete>', 'latin1');
  assert.throws(() => readXml(body, 'Delete'), isMalformed);
});

reading('an element that may stand once is refused twice, and so is one with children', () => {
  assert.throws(
    () => childText(read('<Delete><Key>a</Key><Key>b</Key></Delete>'), 'Key'),
    isMalformed,
  );
  assert.throws(() => childText(read('<Delete><Key><b/></Key></Delete>'), 'Key'), isMalformed);
});

writing.run();
reading.run();
