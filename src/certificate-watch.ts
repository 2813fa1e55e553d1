import type { Clock, Timer } from './base/host.js';
import {
  type Certificate,
  type CertificatePaths,
  readCertificate,
} from './host/certificate-files.js';
import type { Logger } from './http/logger.js';

const LOOK_EVERY_MS = 1_000;

/**
 * Looks at the files again and again, and tells of each new pair. Files are compared by what they
 * hold: they are mostly links, which are moved. What cannot be used is logged once, and the pair
 * that was good stays.
 */
export class CertificateWatch implements Timer {
  #timer: Timer;
  #cancelled = false;
  #complaint = '';

  constructor(
    private readonly paths: CertificatePaths,
    private current: Certificate,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly changed: (certificate: Certificate) => void,
  ) {
    this.#timer = clock.after(LOOK_EVERY_MS, () => this.#look());
  }

  cancel(): void {
    this.#cancelled = true;
    this.#timer.cancel();
  }

  #look(): void {
    this.#reload().then(
      () => {
        if (!this.#cancelled) this.#timer = this.clock.after(LOOK_EVERY_MS, () => this.#look());
      },
      (error: unknown) => this.logger.error({ err: error }, 'the certificate is watched no more'),
    );
  }

  async #reload(): Promise<void> {
    let found: Certificate;
    try {
      found = await readCertificate(this.paths);
    } catch (error) {
      const complaint = String(error);
      if (complaint !== this.#complaint)
        this.logger.warn({ err: error }, 'the new certificate cannot be used; the old one stays');
      this.#complaint = complaint;
      return;
    }
    this.#complaint = '';
    const { cert, key } = this.current;
    if (this.#cancelled || (found.cert.equals(cert) && found.key.equals(key))) return;
    this.current = found;
    this.changed(found);
    this.logger.info({ certificate: this.paths.certificate }, 'certificate reloaded');
  }
}
