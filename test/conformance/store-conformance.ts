import { suite } from 'uvu';
import { bucketPromises } from './bucket-promises.js';
import { conditionPromises } from './condition-promises.js';
import { copyPromises } from './copy-promises.js';
import { endPromises } from './end-promises.js';
import { listingPromises } from './listing-promises.js';
import { multipartPromises } from './multipart-promises.js';
import { objectPromises } from './object-promises.js';
import type { InPlace } from './store-place.js';
import type { Promises } from './store-words.js';
import { transactionPromises } from './transaction-promises.js';

/** What every store promises, whatever it stands on. */
export function storeConformance(name: string, inPlace: InPlace): void {
  const it = suite(`store: ${name}`);
  const promises: Promises = (sentence, action) => {
    it(sentence, () =>
      inPlace(async (place) => {
        await using store = await place.open();
        await store.createBucket('bucket');
        await action(store, place);
      }),
    );
  };
  bucketPromises(promises);
  objectPromises(promises);
  conditionPromises(promises);
  listingPromises(promises);
  multipartPromises(promises);
  copyPromises(promises);
  transactionPromises(promises);
  endPromises(promises);
  it.run();
}
