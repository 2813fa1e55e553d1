import { LogStoreError } from '../base/errors.js';
import type { BodyDigests, DigestPlan } from '../digest/body-digest.js';
import { checkAlgorithm } from '../format/checksum-numbers.js';
import type { BodyOptions, Checksum, ExpectedDigests } from './object-types.js';

/**
 * What must be computed over a body.
 * @throws LogStoreError `INVALID_ARGUMENT`: a checksum is sent of another algorithm than asked for
 */
export function digestPlan(options: BodyOptions): DigestPlan {
  const { expected, checksumAlgorithm } = options;
  if (expected === undefined && checksumAlgorithm === undefined) {
    return options.md5 === true ? shaAndMd5 : shaAlone;
  }
  const sent = expected?.checksum?.algorithm;
  if (sent !== undefined && checksumAlgorithm !== undefined && sent !== checksumAlgorithm) {
    throw new LogStoreError('INVALID_ARGUMENT', `a ${sent} was sent for a ${checksumAlgorithm}`);
  }
  const checksum = sent ?? checksumAlgorithm;
  if (checksum !== undefined) checkAlgorithm(checksum);
  const md5 = options.md5 === true || expected?.md5 !== undefined;
  return { md5, sha256: true, checksum };
}

/** What every body has. */
export const shaAlone: DigestPlan = Object.freeze({ md5: false, sha256: true });
const shaAndMd5: DigestPlan = Object.freeze({ md5: true, sha256: true });

/**
 * Checks a body, once it is all there, against all that its sender said of it.
 * @throws LogStoreError `INCOMPLETE_BODY`, `CHECKSUM_MISMATCH`, `INVALID_ARGUMENT`
 */
export function checkDigests(options: BodyOptions, plan: DigestPlan, digests: BodyDigests): void {
  if (options.expected !== undefined) check(options.expected, plan, digests);
  if (options.expectedAtEnd !== undefined) check(options.expectedAtEnd(), plan, digests);
}

function check(expected: ExpectedDigests, plan: DigestPlan, digests: BodyDigests): void {
  const { sizeBytes, md5, sha256, checksum } = expected;
  if (sizeBytes !== undefined && sizeBytes !== digests.sizeBytes) {
    const message = `${sizeBytes} bytes were announced and ${digests.sizeBytes} sent`;
    throw new LogStoreError('INCOMPLETE_BODY', message);
  }
  if (md5 !== undefined) compare('MD5', md5, digests.md5);
  if (sha256 !== undefined) compare('SHA-256', sha256, digests.sha256);
  if (checksum !== undefined) {
    const computed = checksum.algorithm === plan.checksum ? digests.checksum : undefined;
    compare(checksum.algorithm, checksum.value, computed);
  }
}

function compare(name: string, sent: Uint8Array, computed: Uint8Array | undefined): void {
  if (computed === undefined) {
    throw new LogStoreError('INVALID_ARGUMENT', `a ${name} was sent that was not announced`);
  }
  if (Buffer.compare(sent, computed) === 0) return;
  const message =
    name === 'MD5'
      ? 'The Content-MD5 you specified did not match what we received.'
      : `The ${name} you specified did not match the calculated checksum.`;
  throw new LogStoreError('CHECKSUM_MISMATCH', message);
}

/** The checksum that is kept with a body, if the plan had one. */
export function keptChecksum(plan: DigestPlan, digests: BodyDigests): Checksum | undefined {
  const { checksum: algorithm } = plan;
  const { checksum: value } = digests;
  if (algorithm === undefined || value === undefined) return undefined;
  return { algorithm, type: 'FULL_OBJECT', value };
}
