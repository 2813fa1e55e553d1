import { plainAddress } from '../../auth/ip-range.js';
import type { Cause } from '../../store/version-options.js';
import type { Exchange } from './exchange.js';

/** Whose request this is, for who is told of events; none where nobody can be. */
export function causeOf({ edge, answer, identity }: Exchange): Cause | undefined {
  if (edge.eventTargets === undefined || edge.eventTargets.length === 0) return undefined;
  const { principal } = identity;
  const isAnonymous = principal.is === 'anonymous';
  return {
    principalId: isAnonymous ? 'Anonymous' : edge.users.directory.shown(principal.ownerId).id,
    address: plainAddress(answer.req.socket.remoteAddress ?? ''),
    ...{ requestId: answer.requestId, hostId: answer.hostId },
  };
}
