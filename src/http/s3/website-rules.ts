import { encodePath } from '../../auth/sign.js';
import { invalidArgument, S3Error } from './s3-error.js';
import { s3Document, type XmlWriter } from './xml.js';
import { childText, malformed, onlyChild, readXml, type XmlElement } from './xml-read.js';

/** How a bucket is shown as a website. */
export interface WebsiteRules {
  /** Given: nothing is shown, all are sent there. */
  readonly redirectAll: Redirect | undefined;
  /** What stands behind a name that ends with a slash: `index.html`. */
  readonly indexSuffix: string;
  /** The object that is shown in place of an error. */
  readonly errorKey: string | undefined;
  readonly routing: readonly RoutingRule[];
}

interface RoutingRule {
  readonly keyPrefix: string | undefined;
  /** Given: the rule is for requests that fail with this status. */
  readonly errorStatus: number | undefined;
  readonly redirect: Redirect;
}

interface Redirect {
  readonly host: string | undefined;
  readonly protocol: string | undefined;
  /** Undefined: 301. */
  readonly status: number | undefined;
  /** In place of the prefix of the condition. */
  readonly keyPrefix: string | undefined;
  readonly key: string | undefined;
}

const ruleCountMax = 50; // S3's own limit
const noIndex =
  'A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty';
const isNumber = /^\d+$/;
const redirectStatuses = /^30[1234578]$/; // RFC 9110, but for 300 and 306

/**
 * @throws S3Error `MalformedXML`, `InvalidArgument`, `InvalidRequest`
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketWebsite.html
 */
export function readWebsiteRules(document: Uint8Array): WebsiteRules {
  const root = readXml(document, 'WebsiteConfiguration');
  const all = onlyChild(root, 'RedirectAllRequestsTo');
  const index = onlyChild(root, 'IndexDocument');
  const error = onlyChild(root, 'ErrorDocument');
  const routing = onlyChild(root, 'RoutingRules')?.children.map(readRule) ?? [];
  if (all !== undefined) {
    if (root.children.length > 1) throw malformed();
    const redirectAll = { ...readRedirect(all), status: undefined };
    if (redirectAll.host === undefined) throw malformed();
    return { redirectAll, indexSuffix: '', errorKey: undefined, routing: [] };
  }
  const indexSuffix = index === undefined ? undefined : childText(index, 'Suffix')?.trim();
  if (indexSuffix === undefined) throw invalidArgument(noIndex, 'IndexDocument', 'null');
  if (indexSuffix === '' || indexSuffix.includes('/')) {
    const message = 'The IndexDocument Suffix is not well formed';
    throw invalidArgument(message, 'IndexDocument', indexSuffix);
  }
  const errorKey = error === undefined ? undefined : childText(error, 'Key');
  if (error !== undefined && errorKey === undefined) throw malformed();
  if (errorKey === '')
    throw invalidArgument('The ErrorDocument Key is not well formed', 'ErrorDocument', '');
  if (routing.length > ruleCountMax)
    throw new S3Error(
      'InvalidRequest',
      `${routing.length} routing rules provided, the number of routing rules in a website ` +
        `configuration is limited to ${ruleCountMax}.`,
    );
  return { redirectAll: undefined, indexSuffix, errorKey, routing };
}

function readRule(element: XmlElement): RoutingRule {
  const redirect = onlyChild(element, 'Redirect');
  if (element.name !== 'RoutingRule' || redirect === undefined) throw malformed();
  const condition = onlyChild(element, 'Condition');
  const keyPrefix = condition && childText(condition, 'KeyPrefixEquals');
  const status = condition && childText(condition, 'HttpErrorCodeReturnedEquals')?.trim();
  if (condition?.children.length === 0) throw malformed();
  if (condition !== undefined && keyPrefix === undefined && status === undefined)
    throw new S3Error('InvalidRequest', 'Condition cannot be empty.');
  if (status !== undefined && !isNumber.test(status)) throw malformed();
  if (status !== undefined && !/^[45]\d\d$/.test(status))
    throw new S3Error(
      'InvalidRequest',
      `The provided HTTP error code (${status}) is not valid. Valid codes are 4XX or 5XX.`,
    );
  const errorStatus = status === undefined ? undefined : Number(status);
  return { keyPrefix, errorStatus, redirect: readRedirect(redirect) };
}

function readRedirect(element: XmlElement): Redirect {
  const of = (name: string) => childText(element, name)?.trim();
  const [host, protocol, status] = [of('HostName'), of('Protocol'), of('HttpRedirectCode')];
  const [keyPrefix, key] = [of('ReplaceKeyPrefixWith'), of('ReplaceKeyWith')];
  if (protocol !== undefined && protocol !== 'http' && protocol !== 'https')
    throw new S3Error(
      'InvalidRequest',
      'Invalid protocol, protocol can be http or https. If not defined the protocol will be ' +
        'selected automatically.',
    );
  if (host !== undefined && !/^[a-z0-9.-]+(:\d{1,5})?$/i.test(host))
    throw new S3Error('InvalidRequest', 'The HostName of a redirect must be the name of a host.');
  if (status !== undefined && !isNumber.test(status)) throw malformed();
  if (status !== undefined && !redirectStatuses.test(status))
    throw new S3Error(
      'InvalidRequest',
      `The provided HTTP redirect code (${status}) is not valid. ` +
        'Valid codes are 3XX except 300.',
    );
  if (keyPrefix !== undefined && key !== undefined)
    throw new S3Error(
      'InvalidRequest',
      'You can only define ReplaceKeyPrefix or ReplaceKey but not both.',
    );
  if (element.children.length === 0) throw malformed();
  const code = status === undefined ? undefined : Number(status);
  return { host, protocol, status: code, keyPrefix, key };
}

/** The document as it is kept and given back; `readWebsiteRules` reads it again. */
export function writeWebsiteRules(rules: WebsiteRules): string {
  const { redirectAll, indexSuffix, errorKey, routing } = rules;
  const xml = s3Document('WebsiteConfiguration');
  if (redirectAll !== undefined) {
    xml.open('RedirectAllRequestsTo').element('HostName', redirectAll.host);
    xml.element('Protocol', redirectAll.protocol).close('RedirectAllRequestsTo');
    return xml.close('WebsiteConfiguration').toString();
  }
  xml.open('IndexDocument').element('Suffix', indexSuffix).close('IndexDocument');
  if (errorKey !== undefined)
    xml.open('ErrorDocument').element('Key', errorKey).close('ErrorDocument');
  if (routing.length > 0) {
    xml.open('RoutingRules');
    for (const rule of routing) writeRule(xml, rule);
    xml.close('RoutingRules');
  }
  return xml.close('WebsiteConfiguration').toString();
}

function writeRule(xml: XmlWriter, { keyPrefix, errorStatus, redirect }: RoutingRule): void {
  xml.open('RoutingRule');
  if (keyPrefix !== undefined || errorStatus !== undefined) {
    xml.open('Condition').element('KeyPrefixEquals', keyPrefix);
    xml.element('HttpErrorCodeReturnedEquals', errorStatus).close('Condition');
  }
  xml.open('Redirect').element('Protocol', redirect.protocol).element('HostName', redirect.host);
  xml.element('ReplaceKeyPrefixWith', redirect.keyPrefix).element('ReplaceKeyWith', redirect.key);
  xml.element('HttpRedirectCode', redirect.status).close('Redirect').close('RoutingRule');
}

/** Where a request is sent instead. */
export interface Destination {
  readonly status: number;
  readonly location: string;
}

/**
 * @param errorStatus of the answer that the request would get; undefined before it is looked for
 * @param origin where the request came to: `http://photos.web.example`
 */
export function destinationOf(
  { redirectAll, routing }: WebsiteRules,
  key: string,
  errorStatus: number | undefined,
  origin: string,
): Destination | undefined {
  if (redirectAll !== undefined) return destination(redirectAll, '', key, origin);
  const rule = routing.find(
    (each) => each.errorStatus === errorStatus && key.startsWith(each.keyPrefix ?? ''),
  );
  return rule && destination(rule.redirect, rule.keyPrefix ?? '', key, origin);
}

function destination(
  { host, protocol, status, keyPrefix, key: wholeKey }: Redirect,
  prefix: string,
  key: string,
  origin: string,
): Destination {
  const [ownProtocol = 'http', ownHost = ''] = origin.split('://');
  const path = wholeKey ?? (keyPrefix === undefined ? key : keyPrefix + key.slice(prefix.length));
  const location = `${protocol ?? ownProtocol}://${host ?? ownHost}/${encodePath(path)}`;
  return { status: status ?? 301, location };
}
