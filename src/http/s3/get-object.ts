import { isLogStoreError } from '../../base/errors.js';
import type { ByteRange, ObjectInfo, ObjectReader } from '../../store/types.js';
import { pushChecksums } from './checksum-names.js';
import { readCondition, readVerdict } from './conditions.js';
import { type Exchange, headerOf } from './exchange.js';
import { describeObject, responseOverrides } from './object-headers.js';
import { resolveRange } from './range.js';
import { refusal } from './refusal.js';
import { sendBody } from './send-body.js';

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html */
export async function getObject(exchange: Exchange): Promise<void> {
  const { store, bucket, key } = exchange;
  const wanted = wantedOf(exchange);
  const reader = wanted.whole ? await store.get(bucket, key) : await openRange(exchange, wanted);
  try {
    if (wanted.whole && !mayBeSent(exchange, reader.info)) return;
    await sendBody(exchange.answer, reader, describeAnswer(exchange, reader.info, wanted));
  } finally {
    await reader[Symbol.asyncDispose]();
  }
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html */
export async function headObject(exchange: Exchange): Promise<void> {
  const wanted = wantedOf(exchange);
  const info = await exchange.store.head(exchange.bucket, exchange.key);
  if (!mayBeSent(exchange, info)) return;
  const { status, headers, range } = describeAnswer(exchange, info, wanted);
  exchange.answer.sendDescription(status, headers, range.endBytes - range.startBytes);
}
