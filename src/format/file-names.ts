/** SPEC.md §2. */
export const logDirectory = 'log';
export const lockFile = 'lock';
export const manifestFiles = ['manifest.a', 'manifest.b'] as const;
export const snapshotFile = 'index.snapshot';
export const temporarySuffix = '.tmp';

export function segmentPath(fileId: number): string {
  return `${logDirectory}/${segmentName(fileId)}`;
}

export function footerPath(fileId: number): string {
  return `${logDirectory}/${String(fileId).padStart(16, '0')}.footer`;
}

export function segmentName(fileId: number): string {
  return `${String(fileId).padStart(16, '0')}.seg`;
}

/** The file id that a name in `log/` states, and of what it is the file. */
export function parseLogName(
  name: string,
): { is: 'segment' | 'footer'; fileId: number } | undefined {
  const match = /^(\d{16})\.(seg|footer)$/.exec(name);
  if (match === null) return undefined;
  const fileId = Number(match[1]);
  if (!Number.isSafeInteger(fileId) || fileId < 1) return undefined;
  return { is: match[2] === 'seg' ? 'segment' : 'footer', fileId };
}
