import { LogStoreError } from './base/errors.js';
import type { EventTarget } from './store/store-options.js';

const timeoutMs = 30_000;
const targetsMax = 16;

/**
 * Webhooks by name, from `NAME=URL`, more of them behind commas.
 * @param token sent as `Authorization: Bearer`, to all of them
 * @throws LogStoreError `INVALID_ARGUMENT`
 */
export function eventWebhooks(text: string, token: string | undefined): readonly EventTarget[] {
  const given = text.split(',').filter((part) => part.trim() !== '');
  if (given.length > targetsMax) {
    throw new LogStoreError('INVALID_ARGUMENT', `at most ${targetsMax} webhooks are told`);
  }
  const targets = given.map((part) => webhookOf(part.trim(), token));
  if (new Set(targets.map(({ name }) => name)).size === targets.length) return targets;
  throw new LogStoreError('INVALID_ARGUMENT', 'two webhooks have one name');
}

function webhookOf(text: string, token: string | undefined): EventTarget {
  const [, name = '', url = ''] = /^([\w.-]{1,64})=(\S+)$/.exec(text) ?? [];
  if (name === '' || !URL.canParse(url) || !/^https?:/.test(url)) {
    throw new LogStoreError('INVALID_ARGUMENT', `'${text}' is no webhook: NAME=http://...`);
  }
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const headers = { 'content-type': 'application/json', ...authorization };
  return {
    name,
    deliver: (message, stopping) =>
      untilStopped(stopping, async (signal) => {
        const answer = await fetch(url, {
          ...{ method: 'POST', headers, body: message, signal },
          redirect: 'error', // where it leads to is not what the operator named
        });
        await answer.body?.cancel();
        return answer.ok ? undefined : `it answers ${answer.status}`;
      }),
  };
}

/**
 * One delivery, given up when its time is over or the store stops. `AbortSignal.any` would leave
 * something of each delivery with `stopping` in Node 20, for as long as the store is open.
 */
async function untilStopped(
  stopping: AbortSignal,
  deliver: (signal: AbortSignal) => Promise<string | undefined>,
): Promise<string | undefined> {
  const given = new AbortController();
  const giveUp = () => given.abort();
  const reasons = [stopping, AbortSignal.timeout(timeoutMs)];
  for (const reason of reasons) reason.addEventListener('abort', giveUp);
  if (stopping.aborted) giveUp();
  try {
    return await deliver(given.signal);
  } catch (error) {
    return error instanceof Error ? whyOf(error) : String(error);
  } finally {
    for (const reason of reasons) reason.removeEventListener('abort', giveUp);
  }
}

/** `fetch` says why in the cause alone. */
function whyOf({ message, cause }: Error): string {
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}
