/** Why a policy is none. The message goes to its sender. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
}
