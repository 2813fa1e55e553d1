/** SPEC.md §2. */
export const logDirectory = 'log';
export const lockFile = 'lock';
export const manifestFiles = ['manifest.a', 'manifest.b'] as const;
export const snapshotFile = 'index.snapshot';
/** Where the scrub stands; a cache. */
export const scrubFile = 'scrub.state';
export const temporarySuffix = '.tmp';

export function segmentPath(fileId: number): string {
  return `${logDirectory}/${segmentName(fileId)}`;
}

export function footerPath(fileId: number): string {
  return `${logDirectory}/${String(fileId).padStart(16, '0')}.footer`;
}

export function parityPath(fileId: number, index: number): string {
  return `${logDirectory}/${String(fileId).padStart(16, '0')}.parity${index}`;
}

export function segmentName(fileId: number): string {
  return `${String(fileId).padStart(16, '0')}.seg`;
}

/** The file id that a name in `log/` states, and of what it is the file. */
export function parseLogName(
  name: string,
): { is: 'segment' | 'footer' | 'parity'; fileId: number } | undefined {
  const match = /^(\d{16})\.(seg|footer|parity[01])$/.exec(name);
  if (match === null) return undefined;
  const fileId = Number(match[1]);
  if (!Number.isSafeInteger(fileId) || fileId < 1) return undefined;
  const is = match[2] === 'seg' ? 'segment' : match[2] === 'footer' ? 'footer' : 'parity';
  return { is, fileId };
}
