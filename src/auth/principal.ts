import { hash } from 'node:crypto';
import type { Policy } from './policy-document.js';

/** Who sends a request. */
export interface Principal {
  readonly is: 'root' | 'user' | 'anonymous';
  /** Of the user; `root`; empty for nobody in particular. */
  readonly name: string;
  /** The owner's id of what it makes; empty for root, and of no use for nobody in particular. */
  readonly ownerId: string;
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
