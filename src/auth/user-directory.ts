import { builtInPolicies } from './built-in-policies.js';
import type { Policy } from './policy-document.js';
import type { KnownPrincipals } from './policy-principals.js';
import { type Principal, root } from './principal.js';
import type { StoredUser } from './user-document.js';

/** How an owner is told to clients. */
export interface ShownOwner {
  readonly id: string;
  readonly displayName: string;
}

/** Who signs with an access key, and what a good signature is checked with. */
export interface Signer {
  readonly principal: Principal;
  readonly secret: string;
}

/** A user whose secrets are open; by the ids of its keys. */
export interface OpenUser {
  readonly stored: StoredUser;
  readonly secrets: ReadonlyMap<string, string>;
}

/** Root's part of the directory, which is not in the log. */
export interface RootIdentity extends ShownOwner {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Everybody whom the store knows, at one moment. */
export class UserDirectory implements KnownPrincipals {
  readonly #signers = new Map<string, Signer>();
  readonly #byId = new Map<string, StoredUser>();

  constructor(
    private readonly rootIdentity: RootIdentity,
    readonly users: ReadonlyMap<string, OpenUser>,
    readonly policies: ReadonlyMap<string, Policy>,
  ) {
    for (const { stored, secrets } of users.values()) {
      this.#byId.set(stored.id, stored);
      if (!stored.enabled) continue;
      const principal = this.#principalOf(stored);
      for (const { id, enabled } of stored.keys) {
        const secret = secrets.get(id);
        if (enabled && secret !== undefined) this.#signers.set(id, { principal, secret });
      }
    }
    const { accessKeyId, secretAccessKey } = rootIdentity;
    this.#signers.set(accessKeyId, { principal: root, secret: secretAccessKey });
  }

  /** Undefined for a key that is not there, or not in use. */
  signer(accessKeyId: string): Signer | undefined {
    return this.#signers.get(accessKeyId);
  }

  /** Whether any user has this key, in use or not; root's is one. */
  hasKey(accessKeyId: string): boolean {
    if (accessKeyId === this.rootIdentity.accessKeyId) return true;
    return [...this.users.values()].some(({ secrets }) => secrets.has(accessKeyId));
  }

  /** The id that clients see. */
  shownId(ownerId: string): string {
    return ownerId === '' ? this.rootIdentity.id : ownerId;
  }

  /** Of a user who is gone the id alone is left. */
  shown(ownerId: string): ShownOwner {
    const { id, displayName } = this.rootIdentity;
    if (ownerId === '') return { id, displayName };
    return { id: ownerId, displayName: this.#byId.get(ownerId)?.displayName ?? '' };
  }

  /** The owner's id behind one that clients see; undefined where nobody has it. */
  ownerIdOf(shownId: string): string | undefined {
    if (shownId === this.rootIdentity.id) return '';
    return this.#byId.has(shownId) ? shownId : undefined;
  }

  ownerIdOfEmail(email: string): string | undefined {
    const wanted = email.toLowerCase();
    for (const { stored } of this.users.values())
      if (stored.email !== '' && stored.email.toLowerCase() === wanted) return stored.id;
    return undefined;
  }

  isUser(name: string): boolean {
    return this.users.has(name);
  }

  isOwnerId(id: string): boolean {
    return this.ownerIdOf(id) !== undefined;
  }

  #principalOf({ name, id, policies }: StoredUser): Principal {
    const found = policies.map((each) => builtInPolicies.get(each) ?? this.policies.get(each));
    // A policy that is not there allows nothing.
    const there = found.filter((policy) => policy !== undefined);
    return { is: 'user', name, ownerId: id, policies: there };
  }
}
