import type { ObjectInfo } from '../../store/types.js';
import type { FlatHeaders } from './answer.js';
import type { Exchange } from './exchange.js';

/**
 * Tells when the object expires by its bucket's lifecycle, if it does.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
 */
export function pushExpiration(
  headers: FlatHeaders,
  { store }: Exchange,
  info: ObjectInfo,
): Promise<void> | undefined {
  return store.lifecycleExpiry(info)?.then((expiry) => {
    if (expiry === undefined) return;
    const date = new Date(expiry.atUnixMs).toUTCString();
    const rule = encodeURIComponent(expiry.ruleId);
    headers.push('x-amz-expiration', `expiry-date="${date}", rule-id="${rule}"`);
  });
}
