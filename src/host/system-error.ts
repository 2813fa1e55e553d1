/** A refusal of the operating system that Node reported as something else; `code` is its errno. */
export class SystemError extends Error {
  override readonly name = 'SystemError';
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(`${code}: ${message}`);
  }
}
