import { SystemError } from '../../src/host/system-error.js';
import { isZeros, PagedBytes } from './paged-bytes.js';

/** What was done to a file since its last sync, oldest first. */
export type Unsynced =
  | { readonly is: 'bytes'; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly is: 'zeros'; readonly offset: number; readonly countBytes: number }
  | { readonly is: 'size'; readonly sizeBytes: number };

export class FileNode {
  unsynced: Unsynced[] = [];

  constructor(
    public live = new PagedBytes(), // what this process reads: the page cache
    public durable = new PagedBytes(), // what a power cut leaves for certain
  ) {}

  clone(): FileNode {
    const copy = new FileNode(this.live.clone(), this.durable.clone());
    copy.unsynced = [...this.unsynced];
    return copy;
  }

  write(offset: number, bytes: Uint8Array): void {
    this.live.write(offset, bytes);
    this.unsynced.push(asUnsynced(offset, bytes));
  }

  truncate(sizeBytes: number): void {
    this.live.resize(sizeBytes);
    this.unsynced.push({ is: 'size', sizeBytes });
  }

  sync(): void {
    for (const change of this.unsynced) applyTo(this.durable, change);
    this.unsynced = [];
  }
}

export class DirectoryNode {
  readonly live = new Map<string, Node>();
  durable = new Map<string, Node>();
}

export type Node = FileNode | DirectoryNode;

/** A name that changed and whose directory was not synced since. */
export interface NameChange {
  readonly directory: DirectoryNode;
  readonly name: string;
  readonly after: Node | undefined;
  /** The new name of a renamed node: its old name does not go before the new one is there. */
  readonly onlyWith?: NameChange;
}

/** Files and directories as a process sees them, with what would survive a power cut. */
export class SimulatedTree {
  root = new DirectoryNode();
  nameChanges: NameChange[] = []; // oldest first

  find(path: string): Node | undefined {
    let node: Node | undefined = this.root;
    for (const name of namesOf(path)) {
      if (node === undefined) return undefined;
      if (node instanceof FileNode) throw new SystemError('ENOTDIR', `'${path}'`);
      node = node.live.get(name);
    }
    return node;
  }

  file(path: string): FileNode {
    const node = this.find(path);
    if (node === undefined) throw new SystemError('ENOENT', `no file '${path}'`);
    if (node instanceof DirectoryNode) throw new SystemError('EISDIR', `'${path}'`);
    return node;
  }

  directory(path: string): DirectoryNode {
    const node = this.find(path);
    if (node === undefined) throw new SystemError('ENOENT', `no directory '${path}'`);
    if (node instanceof FileNode) throw new SystemError('ENOTDIR', `'${path}'`);
    return node;
  }

  create(path: string): FileNode {
    const { directory, name } = this.#parent(path);
    if (directory.live.has(name)) throw new SystemError('EEXIST', `'${path}'`);
    const file = new FileNode();
    this.#change({ directory, name, after: file });
    return file;
  }

  makeDirectory(path: string): void {
    let directory = this.root;
    for (const name of namesOf(path)) {
      const there = directory.live.get(name);
      if (there instanceof FileNode) throw new SystemError('EEXIST', `'${path}'`);
      const next = there ?? new DirectoryNode();
      if (there === undefined) this.#change({ directory, name, after: next });
      directory = next;
    }
  }

  rename(from: string, to: string): void {
    const old = this.#parent(from);
    const node = old.directory.live.get(old.name);
    if (node === undefined) throw new SystemError('ENOENT', `no file '${from}'`);
    const { directory, name } = this.#parent(to);
    if (directory.live.get(name) === node) return;
    const arrival = this.#change({ directory, name, after: node });
    this.#change({ ...old, after: undefined, onlyWith: arrival });
  }

  unlink(path: string): void {
    this.file(path);
    this.#change({ ...this.#parent(path), after: undefined });
  }

  syncDirectory(path: string): void {
    const directory = this.directory(path);
    const synced = this.nameChanges.filter((change) => change.directory === directory);
    directory.durable = new Map(directory.live);
    this.#forget(synced);
    // A departure that is durable takes its arrival with it: journals write a rename as one.
    for (const { onlyWith } of synced)
      if (onlyWith !== undefined && this.nameChanges.includes(onlyWith)) this.#settle(onlyWith);
  }

  /** The same state in nodes of its own; `at` finds the copy of a node. */
  clone(): { tree: SimulatedTree; at: <N extends Node>(node: N) => N } {
    const copies = new Map<Node, Node>();
    const at = <N extends Node>(node: N): N => {
      const known = copies.get(node);
      if (known !== undefined) return known as N;
      if (node instanceof FileNode) {
        const copy = node.clone();
        copies.set(node, copy);
        return copy as Node as N;
      }
      const copy = new DirectoryNode();
      copies.set(node, copy);
      for (const [name, child] of node.live) copy.live.set(name, at(child));
      for (const [name, child] of node.durable) copy.durable.set(name, at(child));
      return copy as Node as N;
    };
    const tree = new SimulatedTree();
    tree.root = at(this.root);
    const changes = new Map<NameChange, NameChange>();
    for (const change of this.nameChanges) {
      const { directory, name, after } = change;
      const onlyWith = change.onlyWith && changes.get(change.onlyWith);
      const copy = {
        directory: at(directory),
        name,
        after: after && at(after),
        ...(onlyWith && { onlyWith }),
      };
      changes.set(change, copy);
      tree.nameChanges.push(copy);
    }
    return { tree, at };
  }

  #parent(path: string): { directory: DirectoryNode; name: string } {
    const slash = path.lastIndexOf('/');
    return {
      directory: this.directory(path.slice(0, Math.max(0, slash))),
      name: path.slice(slash + 1),
    };
  }

  #change(change: NameChange): NameChange {
    const { directory, name, after } = change;
    if (after === undefined) directory.live.delete(name);
    else directory.live.set(name, after);
    this.nameChanges.push(change);
    return change;
  }

  #settle(change: NameChange): void {
    const { directory, name, after } = change;
    if (after !== undefined) directory.durable.set(name, after);
    const upTo = this.nameChanges.indexOf(change);
    this.#forget(
      this.nameChanges
        .slice(0, upTo + 1)
        .filter((earlier) => earlier.directory === directory && earlier.name === name),
    );
  }

  #forget(changes: readonly NameChange[]): void {
    const gone = new Set(changes);
    this.nameChanges = this.nameChanges.filter((change) => !gone.has(change));
  }
}

export function applyTo(image: PagedBytes, change: Unsynced): void {
  if (change.is === 'bytes') image.write(change.offset, change.bytes);
  else if (change.is === 'zeros') image.writeZeros(change.offset, change.countBytes);
  else image.resize(change.sizeBytes);
}

/** @param bytes kept: nobody else may change them */
export function asUnsynced(offset: number, bytes: Uint8Array): Unsynced {
  return isZeros(bytes)
    ? { is: 'zeros', offset, countBytes: bytes.length }
    : { is: 'bytes', offset, bytes };
}

function namesOf(path: string): string[] {
  return path === '' ? [] : path.split('/');
}
