import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { LogStoreError } from '../base/errors.js';

/** Where a server's certificate, with those that lead to its root, and its key lie; both PEM. */
export interface CertificatePaths {
  readonly certificate: string;
  readonly key: string;
}

/** What `https.createServer` and `setSecureContext` take. */
export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/**
 * Reads both files, and looks whether they go together.
 * @throws LogStoreError `INVALID_ARGUMENT`, naming the files
 */
export async function readCertificate(paths: CertificatePaths): Promise<Certificate> {
  try {
    const [cert, key] = await Promise.all([readFile(paths.certificate), readFile(paths.key)]);
    createSecureContext({ cert, key });
    return { cert, key };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new LogStoreError(
      'INVALID_ARGUMENT',
      `the certificate '${paths.certificate}' and its key '${paths.key}' cannot be used: ${why}`,
      { cause },
    );
  }
}
