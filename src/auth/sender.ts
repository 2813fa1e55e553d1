/** Who sends a request, as far as policies name it. */
export interface Sender {
  readonly is: 'root' | 'user' | 'anonymous';
  /** Of the user; `root`; empty for nobody in particular. */
  readonly name: string;
  /** The owner's id of what it makes; empty for root, and of no use for nobody in particular. */
  readonly ownerId: string;
}
