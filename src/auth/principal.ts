import { hash } from 'node:crypto';
import type { Policy } from './policy-document.js';
import type { Sender } from './sender.js';

/** Who sends a request, and what the operator says of it. */
export interface Principal extends Sender {
  /** What the operator lets the user do, and forbids. */
  readonly policies: readonly Policy[];
}

export const anonymous: Principal = Object.freeze({
  ...{ is: 'anonymous', name: '', ownerId: '', policies: [] },
});

export const root: Principal = Object.freeze({
  ...{ is: 'root', name: 'root', ownerId: '', policies: [] },
});

/** The ARN that policies name it by. */
export function arnOf({ is, name }: Principal): string {
  return is === 'root' ? 'arn:aws:iam:::root' : `arn:aws:iam:::user/${name}`;
}

/** Whether a resource of that owner is the principal's own. */
export function owns(principal: Principal, ownerId: string): boolean {
  return principal.is !== 'anonymous' && principal.ownerId === ownerId;
}

/** The id by which clients know root: 64 hex digits that do not give the key away. */
export function rootShownId(accessKeyId: string): string {
  return hash('sha256', `logstore canonical user id\0${accessKeyId}`);
}
