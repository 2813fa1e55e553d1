import { LogStoreError } from '../../base/errors.js';
import type { CompactionProgress, RotationPlan } from '../../store/types.js';
import type { Edge } from '../edge.js';
import { splitTarget } from '../s3/address.js';
import type { Answer, FlatHeaders } from '../s3/answer.js';
import { failureOf, logError } from '../s3/error-answer.js';

/** Work that takes its time, below `/_`; who has the root key may ask for it. */
export interface NativeWork {
  readonly method: 'POST';
  readonly path: string;
  /** @returns what it came to, written as JSON */
  readonly run: (
    edge: Edge,
    query: URLSearchParams,
    onProgress: (progress: CompactionProgress) => void,
  ) => Promise<object>;
}

export const nativeWork: readonly NativeWork[] = [
  {
    method: 'POST',
    path: '/compact',
    run: (edge, query, onProgress) =>
      edge.store.compact({
        ...{ dryRun: query.has('dry-run'), all: query.has('all'), paced: query.has('paced') },
        onProgress,
      }),
  },
  {
    method: 'POST',
    path: '/scrub',
    run: (edge, _query, onProgress) => edge.store.scrub({ onProgress }),
  },
  {
    method: 'POST',
    path: '/health',
    run: (edge, _query, onProgress) => edge.store.health({ check: true, onProgress }),
  },
  {
    method: 'POST',
    path: '/ledger/rotate',
    run: async ({ store: { ledger } }, query) => {
      if (ledger === undefined) throw new LogStoreError('NO_LEDGER', 'this store has no ledger');
      return { keys: await ledger.rotate(rotationPlan(query)) };
    },
  },
];

/** `overlap`, and `revoke` with `from`. */
function rotationPlan(query: URLSearchParams): RotationPlan {
  const number = (name: string) => {
    const text = query.get(name) ?? '';
    if (/^\d{1,15}$/.test(text)) return Number(text);
    throw new LogStoreError('INVALID_ARGUMENT', `${name} is a number`);
  };
  const id = query.get('revoke');
  const revoke = id === null ? undefined : { id, from: number('from') };
  return { overlap: number('overlap'), revoke };
}

const lineIntervalMs = 250;

/**
 * Answers with a line of JSON now and then, `{"doneBytes", "totalBytes"}`, and a last one that is
 * `{"report"}` or `{"error"}`. The work goes on when nobody listens any more.
 * @throws what the work throws before its first line
 */
export async function answerWork(answer: Answer, work: NativeWork): Promise<void> {
  const { edge, req, res } = answer;
  const { clock } = edge;
  let saidAtMs = Number.NEGATIVE_INFINITY;
  const say = (line: object) => {
    if (!res.headersSent) answer.sendHead(200, headers(), undefined);
    res.write(`${JSON.stringify(line)}\n`);
  };
  const onProgress = (progress: CompactionProgress) => {
    // A reader that stands still gets what there is room for; the last line alone must come.
    if (clock.monotonicMs() - saidAtMs < lineIntervalMs || res.writableNeedDrain) return;
    saidAtMs = clock.monotonicMs();
    say(progress);
  };
  try {
    const { rawQuery } = splitTarget(req.url ?? '/');
    say({ report: await work.run(edge, new URLSearchParams(rawQuery), onProgress) });
  } catch (error) {
    if (!res.headersSent) throw error;
    const failure = failureOf(error);
    logError(edge, answer.requestId, failure);
    const { code, message } = failure;
    say({ error: { code, message } });
  }
  res.end();
}

function headers(): FlatHeaders {
  return [
    ...['content-type', 'application/x-ndjson', 'cache-control', 'no-store'],
    ...['x-content-type-options', 'nosniff'],
  ];
}
