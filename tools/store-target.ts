import type { ObjectInfo, Store } from '../src/store/types.js';
import type { ObjectFacts, Target } from './target.js';

/** A store that no server has open, opened by this process for the one command. */
export function storeTarget(store: Store): Target {
  return {
    async makeBucket(bucket) {
      await store.createBucket(bucket);
    },
    removeBucket: (bucket) => store.deleteBucket(bucket),
    buckets: () => store.listBuckets(),
    async *list(bucket, options) {
      for (let startAfter: string | undefined; ; ) {
        const page = await store.list(bucket, { ...options, startAfter });
        const prefixes = page.commonPrefixes.map((prefix) => ({ is: 'prefix', prefix }) as const);
        yield* prefixes;
        for (const object of page.objects) yield { is: 'object', ...object };
        if (!page.truncated) return;
        startAfter = page.next;
      }
    },
    async stat(bucket, key) {
      return factsOf(await store.head(bucket, key));
    },
    // The MD5 makes the ETag the same that a server would have given.
    put: (bucket, key, body, { sizeBytes, contentType }) =>
      store.put(bucket, key, body, {
        expected: { sizeBytes },
        headers: { contentType },
        md5: true,
      }),
    async get(bucket, key) {
      const reader = await store.get(bucket, key);
      return { facts: factsOf(reader.info), body: reader.body() };
    },
    async remove(bucket, key) {
      return (await store.delete(bucket, key)).removed;
    },
    [Symbol.asyncDispose]: () => store.close(),
  };
}

function factsOf(info: ObjectInfo): ObjectFacts {
  const { sizeBytes, etag, modifiedUnixMs, headers, userMetadata } = info;
  return { sizeBytes, etag, modifiedUnixMs, contentType: headers.contentType, userMetadata };
}
