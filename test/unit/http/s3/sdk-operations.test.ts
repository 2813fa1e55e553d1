import * as sdk from '@aws-sdk/client-s3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { operations } from '../../../../src/http/s3/operations.js';

/** The newest SDK says which operations S3 has: one that the table misses would fall through. */
const known = suite('operations that the AWS SDK knows');

/** The same requests as others of the table, or none of a bucket's. */
const otherNames: Readonly<Record<string, string>> = {
  GetObjectAnnotation: 'ListObjectAnnotations',
  ListBucketAnalyticsConfigurations: 'GetBucketAnalyticsConfiguration',
  ListBucketIntelligentTieringConfigurations: 'GetBucketIntelligentTieringConfiguration',
  ListBucketInventoryConfigurations: 'GetBucketInventoryConfiguration',
  ListBucketMetricsConfigurations: 'GetBucketMetricsConfiguration',
  ListDirectoryBuckets: 'ListBuckets',
};
/** Of other services than buckets and objects. */
const elsewhere = ['WriteGetObjectResponse'];

const names = Object.keys(sdk)
  .filter((name) => /^[A-Z]\w+Command$/.test(name))
  .map((name) => name.replace(/Command$/, ''));

known('each is in the table, served or not', () => {
  const ours = new Set(operations.map(({ name }) => name));
  const missing = names.filter((name) => !ours.has(otherNames[name] ?? name));
  assert.equal(missing, elsewhere);
  assert.ok(names.length > 100);
});

known('the table has none but those and the form', () => {
  const theirs = new Set(names);
  const own = operations.filter(({ name }) => !theirs.has(name)).map(({ name }) => name);
  assert.equal(own, ['PostObject']);
});

known.run();
