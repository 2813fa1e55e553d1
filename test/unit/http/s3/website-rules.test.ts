import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { S3Error } from '../../../../src/http/s3/s3-error.js';
import {
  destinationOf,
  readWebsiteRules,
  writeWebsiteRules,
} from '../../../../src/http/s3/website-rules.js';

const websites = suite('rules of websites');
const origin = 'http://photos.web.test:9000';
const index = '<IndexDocument><Suffix>index.html</Suffix></IndexDocument>';

const document = (inner: string) =>
  Buffer.from(`<WebsiteConfiguration>${inner}</WebsiteConfiguration>`);
const rule = (redirect: string, condition = '') =>
  `<RoutingRule>${condition && `<Condition>${condition}</Condition>`}` +
  `<Redirect>${redirect}</Redirect></RoutingRule>`;
const routed = (...rules: readonly string[]) =>
  document(`${index}<RoutingRules>${rules.join('')}</RoutingRules>`);
const prefix = (text: string) => `<KeyPrefixEquals>${text}</KeyPrefixEquals>`;
const fails = (status: number | string) =>
  `<HttpErrorCodeReturnedEquals>${status}</HttpErrorCodeReturnedEquals>`;
const host = '<HostName>other.test</HostName>';

websites('what is kept is what was read', () => {
  for (const given of [
    document(index),
    document(`${index}<ErrorDocument><Key>e &amp; r.html</Key></ErrorDocument>`),
    document(`<RedirectAllRequestsTo>${host}<Protocol>https</Protocol></RedirectAllRequestsTo>`),
    routed(
      rule(`${host}<HttpRedirectCode>307</HttpRedirectCode>`, prefix('a/') + fails(404)),
      rule('<ReplaceKeyPrefixWith>b/</ReplaceKeyPrefixWith>', prefix('c/')),
      rule('<ReplaceKeyWith>d</ReplaceKeyWith><Protocol>https</Protocol>'),
    ),
  ]) {
    const rules = readWebsiteRules(given);
    assert.equal(readWebsiteRules(Buffer.from(writeWebsiteRules(rules))), rules);
  }
});

for (const [what, rules, key, errorStatus, location] of [
  ['no rule', document(index), 'a', undefined, undefined],
  ['a prefix', routed(rule(host, prefix('a/'))), 'a/b', undefined, '301 http://other.test/a/b'],
  ['another prefix', routed(rule(host, prefix('a/'))), 'b/a/', undefined, undefined],
  ['a failure that did not happen', routed(rule(host, fails(404))), 'a', undefined, undefined],
  ['a failure', routed(rule(host, fails(404))), 'a', 404, '301 http://other.test/a'],
  ['another failure', routed(rule(host, fails(404))), 'a', 403, undefined],
  [
    'a failure below another prefix',
    routed(rule(host, prefix('b') + fails(404))),
    'a',
    404,
    undefined,
  ],
  [
    'a new prefix',
    routed(rule('<ReplaceKeyPrefixWith>new/</ReplaceKeyPrefixWith>', prefix('old/'))),
    ...['old/\u00fc b', undefined, `301 ${origin}/new/%C3%BC%20b`],
  ],
  [
    'a new key, by another protocol and status',
    routed(
      rule(
        '<ReplaceKeyWith>x.html</ReplaceKeyWith><Protocol>https</Protocol>' +
          '<HttpRedirectCode>302</HttpRedirectCode>',
      ),
    ),
    ...['a', undefined, '302 https://photos.web.test:9000/x.html'],
  ],
  [
    'everything',
    document(`<RedirectAllRequestsTo>${host}</RedirectAllRequestsTo>`),
    ...['a/b', undefined, '301 http://other.test/a/b'],
  ],
  [
    'the first that fits',
    routed(rule(host), rule('<ReplaceKeyWith>x</ReplaceKeyWith>')),
    'a',
    undefined,
    '301 http://other.test/a',
  ],
] as const)
  websites(`${what} leads ${location ?? 'nowhere else'}`, () => {
    const found = destinationOf(readWebsiteRules(rules), String(key), errorStatus, origin);
    assert.is(found && `${found.status} ${found.location}`, location);
  });

websites('faults 104: a key with line ends leads to one line', () => {
  const rules = readWebsiteRules(routed(rule(host)));
  const found = destinationOf(rules, 'a\r\nSet-Cookie: b', undefined, origin);
  assert.is(found?.location, 'http://other.test/a%0D%0ASet-Cookie%3A%20b');
});

for (const [what, given, code] of [
  ['nothing', document(''), 'InvalidArgument'],
  ['an index in a folder', document(index.replace('index', 'a/index')), 'InvalidArgument'],
  ['an empty index', document(index.replace('index.html', '')), 'InvalidArgument'],
  ['an empty error document', document(`${index}<ErrorDocument/>`), 'MalformedXML'],
  [
    'an error document without a name',
    document(`${index}<ErrorDocument><Key/></ErrorDocument>`),
    'InvalidArgument',
  ],
  [
    'both kinds',
    document(`${index}<RedirectAllRequestsTo>${host}</RedirectAllRequestsTo>`),
    'MalformedXML',
  ],
  [
    'all to nobody',
    document('<RedirectAllRequestsTo><Protocol>http</Protocol></RedirectAllRequestsTo>'),
    'MalformedXML',
  ],
  ['a protocol of its own', routed(rule('<Protocol>javascript</Protocol>')), 'InvalidRequest'],
  ['a host that is none', routed(rule('<HostName>a/b</HostName>')), 'InvalidRequest'],
  [
    'a status that redirects nowhere',
    routed(rule('<HttpRedirectCode>200</HttpRedirectCode>')),
    'InvalidRequest',
  ],
  [
    'a status of choices',
    routed(rule('<HttpRedirectCode>300</HttpRedirectCode>')),
    'InvalidRequest',
  ],
  ['an error that is none', routed(rule(host, fails(200))), 'InvalidRequest'],
  ['a status of words', routed(rule('<HttpRedirectCode>found</HttpRedirectCode>')), 'MalformedXML'],
  ['an error in words', routed(rule(host, fails('absent'))), 'MalformedXML'],
  ['an empty condition', routed(rule(host, ' ')), 'MalformedXML'],
  ['a condition of nothing known', routed(rule(host, '<Other/>')), 'InvalidRequest'],
  ['an empty redirect', routed(rule('')), 'MalformedXML'],
  [
    'a key and a prefix',
    routed(
      rule('<ReplaceKeyWith>a</ReplaceKeyWith><ReplaceKeyPrefixWith>b</ReplaceKeyPrefixWith>'),
    ),
    'InvalidRequest',
  ],
  ['51 rules', routed(...Array.from({ length: 51 }, () => rule(host))), 'InvalidRequest'],
] as const)
  websites(`${what} is ${code}`, () => {
    const isRight = (error: unknown) => error instanceof S3Error && error.code === code;
    assert.throws(() => readWebsiteRules(given), isRight);
  });

websites.run();
