/** One call of the disk, in the order of the calls: the first is number 1. */
export interface Operation {
  readonly number: number;
  readonly kind: OperationKind;
  readonly path: string;
  readonly offset?: number;
  readonly lengthBytes?: number;
  readonly to?: string;
  /** Of a call on an open file: which opening of it, as each has a number of its own. */
  readonly descriptor?: number;
}

export type OperationKind =
  | 'open'
  | 'create'
  | 'list'
  | 'sizeBytes'
  | 'makeDirectory'
  | 'rename'
  | 'unlink'
  | 'syncDirectory'
  | 'space'
  | 'lock'
  | 'unlock'
  | 'read'
  | 'write'
  | 'sync'
  | 'fileSize'
  | 'truncate'
  | 'close';

export type Fault =
  /** Not done and reported so. A sync refused loses for ever what it was to make durable. */
  | { readonly is: 'refused'; readonly errno: string }
  /** Done, but reported as failed. */
  | { readonly is: 'applied'; readonly errno: string }
  /** A write done in part, and reported as failed; ENOSPC is what a full disk does. */
  | { readonly is: 'torn'; readonly errno: string }
  /** Reported as done; what it wrote or synced is read back until the next crash, then gone. */
  | { readonly is: 'lost' }
  /** A write reported as done that came to rest elsewhere on the disk. */
  | { readonly is: 'misdirected'; readonly path: string; readonly offset: number }
  /** Done after so long a time. */
  | { readonly is: 'stalled'; readonly delayMs: number }
  /** The process dies: neither this call nor any other returns. */
  | { readonly is: 'death'; readonly when: 'before' | 'during' | 'after' };

type Rule = (operation: Operation) => Fault | undefined;

/** Which calls of the disk go wrong, and how. The first rule that names a fault decides. */
export class FaultPlan {
  readonly #rules: Rule[] = [];

  faultWhen(rule: Rule): this {
    this.#rules.push(rule);
    return this;
  }

  failAt(number: number, errno: string): this {
    return this.#at(number, { is: 'refused', errno });
  }

  failAppliedAt(number: number, errno: string): this {
    return this.#at(number, { is: 'applied', errno });
  }

  tearAt(number: number, errno = 'EIO'): this {
    return this.#at(number, { is: 'torn', errno });
  }

  loseAt(number: number): this {
    return this.#at(number, { is: 'lost' });
  }

  misdirectAt(number: number, path: string, offset: number): this {
    return this.#at(number, { is: 'misdirected', path, offset });
  }

  stallAt(number: number, delayMs: number): this {
    return this.#at(number, { is: 'stalled', delayMs });
  }

  dieAt(number: number, when: 'before' | 'during' | 'after' = 'before'): this {
    return this.#at(number, { is: 'death', when });
  }

  /** No faults from now on. */
  clear(): void {
    this.#rules.length = 0;
  }

  faultOf(operation: Operation): Fault | undefined {
    for (const rule of this.#rules) {
      const fault = rule(operation);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  #at(number: number, fault: Fault): this {
    return this.faultWhen((operation) => (operation.number === number ? fault : undefined));
  }
}
