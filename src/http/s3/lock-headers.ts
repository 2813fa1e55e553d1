import type { InitialState, ObjectLock, Retention } from '../../store/version-options.js';
import { initialAcl } from './acl-headers.js';
import type { Exchange } from './exchange.js';
import { headerOf } from './header.js';
import { invalidArgument } from './s3-error.js';
import { tagsOfHeader } from './tags.js';

const prefix = 'x-amz-object-lock-';

/**
 * The tags, the lock and the grants that the sender wants an object to begin with.
 * @throws S3Error `InvalidArgument`, `InvalidTag`, and as `initialAcl` does
 */
export function initialState(exchange: Exchange): InitialState {
  const { headers } = exchange;
  const tagging = headerOf(headers, 'x-amz-tagging');
  const mode = headerOf(headers, `${prefix}mode`);
  const until = headerOf(headers, `${prefix}retain-until-date`);
  const hold = headerOf(headers, `${prefix}legal-hold`);
  const unlocked = mode === undefined && until === undefined && hold === undefined;
  const lock = unlocked ? undefined : lockOf(mode, until, hold);
  return { tags: tagsOfHeader(tagging), lock, acl: initialAcl(exchange) };
}

function lockOf(
  mode: string | undefined,
  until: string | undefined,
  hold: string | undefined,
): ObjectLock {
  if ((mode === undefined) !== (until === undefined)) {
    throw invalidArgument(
      `${prefix}retain-until-date and ${prefix}mode must both be supplied.`,
      `${prefix}${mode === undefined ? 'mode' : 'retain-until-date'}`,
      '',
    );
  }
  if (hold !== undefined && hold !== 'ON' && hold !== 'OFF') {
    const message = "Legal Hold must be either of 'ON' or 'OFF'";
    throw invalidArgument(message, `${prefix}legal-hold`, hold);
  }
  if (mode !== undefined && mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE')
    throw invalidArgument('Unknown wormMode directive.', `${prefix}mode`, mode);
  const retention = mode === undefined ? undefined : retentionOf(mode, until ?? '');
  if (mode !== undefined && retention === undefined) {
    const message = 'The retain until date must be provided in ISO 8601 format';
    throw invalidArgument(message, `${prefix}retain-until-date`, until ?? '');
  }
  return { retention, legalHold: hold === undefined ? undefined : hold === 'ON' };
}

/** Undefined for another mode, or for what is no time of ISO 8601. */
export function retentionOf(mode: string, until: string): Retention | undefined {
  if (mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') return undefined;
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/.test(until)) {
    return undefined;
  }
  const untilUnixMs = Date.parse(until);
  return Number.isNaN(untilUnixMs) ? undefined : { mode, untilUnixMs };
}
