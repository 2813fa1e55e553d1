import type { Clock, Timer } from './base/host.js';
import { FileWatch } from './file-watch.js';
import {
  type Certificate,
  type CertificatePaths,
  readCertificate,
} from './host/certificate-files.js';
import type { Logger } from './http/logger.js';

/**
 * Tells of each new pair. Files are compared by what they hold: they are mostly links, which are
 * moved. The pair that was good stays until there is another good one.
 */
export function watchCertificate(
  paths: CertificatePaths,
  certificate: Certificate,
  clock: Clock,
  logger: Logger,
  changed: (certificate: Certificate) => void,
): Timer {
  let current = certificate;
  const look = async (isOver: () => boolean) => {
    const found = await readCertificate(paths);
    if (isOver() || (found.cert.equals(current.cert) && found.key.equals(current.key))) return;
    changed(found);
    current = found;
    logger.info({ certificate: paths.certificate }, 'certificate reloaded');
  };
  const unusable = 'the new certificate cannot be used; the old one stays';
  return new FileWatch(look, unusable, clock, logger);
}
