/**
 * The only door to the outside. `src/host/` opens it onto the real machine, `test/sim/` onto a
 * simulated one. Failures of the disk rise as errors whose `code` is the system's errno name.
 */
export interface Host {
  readonly clock: Clock;
  readonly random: Random;
  readonly disk: Disk;
}

export interface Clock {
  /** The wall clock; may jump either way. Never used for order. */
  nowUnixMs(): number;
  /** Runs forward only; origin arbitrary. */
  monotonicMs(): number;
  /** Runs `action` once after `delayMs`; does not keep the process alive. */
  after(delayMs: number, action: () => void): Timer;
  /** Keeps the process alive: somebody waits for what comes then. */
  wait(delayMs: number): Promise<void>;
}

export interface Timer {
  cancel(): void;
}

export interface Random {
  /** `countBytes` bytes fit for keys and salts. The caller owns them. */
  bytes(countBytes: number): Uint8Array;
}

/** One directory tree. Paths are relative to its root, `/` between names, `''` the root itself. */
export interface Disk {
  /**
   * `read`: must exist. `create`: must not exist. `write`: must exist, read and write.
   * A created name is durable only after `syncDirectory` of its parent.
   */
  open(path: string, mode: 'read' | 'create' | 'write'): Promise<DiskFile>;
  /** Names in a directory, in no order; ENOENT if it is missing. */
  list(path: string): Promise<string[]>;
  /** Size in bytes, or undefined if there is no such file. */
  sizeBytes(path: string): Promise<number | undefined>;
  makeDirectory(path: string): Promise<void>; // with its parents; not durable until they are synced
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  syncDirectory(path: string): Promise<void>;
  /** Bytes free for this process on the volume, and its size. */
  space(): Promise<{ freeBytes: number; totalBytes: number }>;
  /**
   * Takes the lock of the tree by the file at `path`, which names the holder for others to read.
   * @throws LogStoreError `LOCKED`, naming the holder; `UNSUPPORTED_FILE_SYSTEM` on network mounts
   */
  lock(path: string, holder: string): Promise<DiskLock>;
}

export interface DiskLock {
  release(): Promise<void>;
}

export interface DiskFile {
  /** Fills `into` from `offset`; returns fewer bytes than asked only at the end of the file. */
  read(into: Uint8Array, offset: number): Promise<number>;
  /**
   * Writes all of `parts`, one after another, from `offset`, without copying or keeping them.
   * A short count of the system is ENOSPC here. What was written before a failure may be there.
   */
  write(offset: number, parts: readonly Uint8Array[]): Promise<void>;
  /** Bytes and size durable (fdatasync). After it failed once, every later call must fail. */
  sync(): Promise<void>;
  sizeBytes(): Promise<number>;
  /** Cuts or grows (with zeros) to `sizeBytes`. Only for files that nothing names yet. */
  truncate(sizeBytes: number): Promise<void>;
  close(): Promise<void>;
}
