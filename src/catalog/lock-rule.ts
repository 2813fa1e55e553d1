import { LogStoreError } from '../base/errors.js';
import { lockModes, type ObjectState } from '../format/object-state.js';

/** What a bucket's lock gives to each new version that asks for nothing itself. */
export interface LockRule {
  readonly mode: 'GOVERNANCE' | 'COMPLIANCE';
  readonly count: number;
  readonly unit: 'days' | 'years';
}

const dayMs = 86_400_000;
const countMax = { days: 36_500, years: 100 } as const; // S3's own limits

/** The value of the configuration `object-lock` (SPEC.md §4): `Enabled`, and the rule behind it. */
export function lockRuleText(rule: LockRule | undefined): string {
  return rule === undefined ? 'Enabled' : `Enabled ${rule.mode} ${rule.count} ${rule.unit}`;
}

/** @throws LogStoreError `INVALID_ARGUMENT` for what is no such text */
export function lockRuleOf(text: string): LockRule | undefined {
  if (text === 'Enabled') return undefined;
  const parts = /^Enabled (GOVERNANCE|COMPLIANCE) ([1-9]\d{0,5}) (days|years)$/.exec(text);
  const mode = parts?.[1] === 'COMPLIANCE' ? 'COMPLIANCE' : 'GOVERNANCE';
  const unit = parts?.[3] === 'years' ? 'years' : 'days';
  const count = Number(parts?.[2]);
  if (parts !== null && count <= countMax[unit]) return { mode, count, unit };
  throw new LogStoreError('INVALID_ARGUMENT', 'a default retention has a mode, and days or years');
}

/** The lock that a version has from a rule, from its commit on. */
export function lockByRule({ mode, count, unit }: LockRule, nowMs: number): Partial<ObjectState> {
  const end = new Date(nowMs);
  if (unit === 'years') end.setUTCFullYear(end.getUTCFullYear() + count);
  const retainUntilMs = unit === 'years' ? end.getTime() : nowMs + count * dayMs;
  const lockMode = mode === 'COMPLIANCE' ? lockModes.compliance : lockModes.governance;
  return { lockMode, retainUntilMs };
}
