/** Who sends a request, as far as policies name it. */
export interface Sender {
  readonly is: 'root' | 'user' | 'anonymous';
  /** Of the user; `root`; empty for nobody in particular. */
  readonly name: string;
  /** The owner's id of what it makes; empty for root, and of no use for nobody in particular. */
  readonly ownerId: string;
}

/** A part of S3 that acts for the owner of a bucket, as policies name it. */
export interface ServiceSender {
  readonly is: 'service';
  readonly name: string;
}

/** It puts the objects of access logs. */
export const loggingService: ServiceSender = Object.freeze({
  ...({ is: 'service', name: 'logging.s3.amazonaws.com' } as const),
});
