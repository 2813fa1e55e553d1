import type { Policy, Statement } from './policy-document.js';
import type { RequestValues } from './policy-pattern.js';
import type { Sender, ServiceSender } from './sender.js';

/** What somebody wants to do, as policies see it. */
export interface AccessQuestion {
  readonly principal: Sender | ServiceSender;
  /** The id that clients see for the principal; nobody in particular has none. */
  readonly shownId: string | undefined;
  /** In lower case, without `s3:`. */
  readonly action: string;
  /** `bucket` or `bucket/key`; empty for the service. */
  readonly resource: string;
  readonly values: RequestValues;
}

export type PolicyVerdict = 'allowed' | 'denied' | 'unsaid';

/** A Deny goes before every Allow; who is not named in either has nothing said of. */
export function verdictOf({ statements }: Policy, question: AccessQuestion): PolicyVerdict {
  let verdict: PolicyVerdict = 'unsaid';
  for (const statement of statements) {
    if (statement.effect === 'Allow' && verdict === 'allowed') continue;
    if (!applies(statement, question)) continue;
    if (statement.effect === 'Deny') return 'denied';
    verdict = 'allowed';
  }
  return verdict;
}

function applies(statement: Statement, question: AccessQuestion): boolean {
  const { principals, conditions } = statement;
  if (!statement.covers(question.action)) return false;
  if (!(principals?.includes(question.principal, question.shownId) ?? true)) return false;
  if (!statement.isAbout(question.resource, question.values)) return false;
  return conditions.every((condition) => condition.holds(question.values));
}
