import { PolicyError } from './policy-error.js';
import type { Sender, ServiceSender } from './sender.js';

/** Names of users and their owner's ids, for whoever checks a policy before it is kept. */
export interface KnownPrincipals {
  isUser(name: string): boolean;
  /** @param id as shown to clients; root's is one */
  isOwnerId(id: string): boolean;
}

/** One entry of a `Principal`. */
type Entry =
  | { readonly is: 'anyone' }
  | { readonly is: 'root' }
  | { readonly is: 'user'; readonly name: string }
  | { readonly is: 'owner'; readonly id: string }
  /** One of AWS's: here but one of them does anything. */
  | { readonly is: 'service'; readonly name: string };

const serviceName = /^[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com$/;

/** The `Principal` or `NotPrincipal` of a statement. */
export class PolicyPrincipals {
  private constructor(
    private readonly entries: readonly Entry[],
    private readonly negated: boolean,
  ) {}

  /** @throws PolicyError for what is no principal here */
  static parse(value: unknown, negated: boolean): PolicyPrincipals {
    if (value === '*') return new PolicyPrincipals([{ is: 'anyone' }], negated);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid();
    const entries: Entry[] = [];
    for (const [type, given] of Object.entries(value)) {
      const names: unknown[] = Array.isArray(given) ? given : [given];
      for (const name of names) {
        if (typeof name !== 'string') throw invalid();
        if (type === 'AWS') entries.push(awsEntry(name));
        else if (type === 'CanonicalUser') entries.push({ is: 'owner', id: name });
        else if (type === 'Service' && serviceName.test(name))
          entries.push({ is: 'service', name });
        else throw invalid();
      }
    }
    if (entries.length === 0) throw invalid();
    return new PolicyPrincipals(entries, negated);
  }

  /** Whether everybody is meant, also who has no name. */
  get isAnyone(): boolean {
    return !this.negated && this.entries.some(({ is }) => is === 'anyone');
  }

  /** @param shownId the id that clients see for the principal */
  includes(principal: Sender | ServiceSender, shownId: string | undefined): boolean {
    return this.entries.some((entry) => isMeant(entry, principal, shownId)) !== this.negated;
  }

  /**
   * A name that nobody has would say nothing, and in a Deny that is no small thing.
   * @throws PolicyError
   */
  check(known: KnownPrincipals): void {
    for (const entry of this.entries) {
      if (entry.is === 'user' && !known.isUser(entry.name) && !known.isOwnerId(entry.name))
        throw invalid();
      if (entry.is === 'owner' && !known.isOwnerId(entry.id)) throw invalid();
    }
  }
}

function isMeant(
  entry: Entry,
  principal: Sender | ServiceSender,
  shownId: string | undefined,
): boolean {
  if (entry.is === 'anyone') return true;
  if (entry.is === 'service') return principal.is === 'service' && principal.name === entry.name;
  if (principal.is === 'service') return false;
  if (principal.is === 'anonymous') return false;
  if (entry.is === 'root') return principal.is === 'root';
  if (entry.is === 'owner') return entry.id === shownId;
  return principal.is === 'user' && (entry.name === principal.name || entry.name === shownId);
}

/** An owner's id alone, or an ARN: of a user, of an owner, of root. The account may be empty. */
function awsEntry(name: string): Entry {
  if (name === '*') return { is: 'anyone' };
  if (/^[0-9a-f]{64}$/.test(name)) return { is: 'owner', id: name };
  const arn = /^arn:aws[a-z-]*:iam::([0-9a-f]{64})?:(root|user\/(?:[^*?]*\/)?([^/*?]+))$/.exec(
    name,
  );
  if (arn === null) throw invalid();
  const [, account, , user] = arn;
  if (user !== undefined) return { is: 'user', name: user };
  return account === undefined ? { is: 'root' } : { is: 'owner', id: account };
}

function invalid(): PolicyError {
  return new PolicyError('Invalid principal in policy');
}
