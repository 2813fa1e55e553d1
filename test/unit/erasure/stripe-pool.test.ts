import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { newStripes, type Stripe } from '../../../src/erasure/stripe.js';
import { StripePool } from '../../../src/erasure/stripe-pool.js';
import { failureOf } from '../../failure-of.js';

const it = suite('stripe pool');
const plan = { code: { dataCount: 4, parityCount: 2 }, rowBytes: 100, stripeCount: 2 };

it('lends each stripe to one at a time, first come first served', async () => {
  const pool = new StripePool(newStripes(plan));
  const lent = new Set<Stripe>();
  const order: number[] = [];
  let most = 0;
  await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      pool.use(async (stripe) => {
        assert.not.ok(lent.has(stripe), 'nobody else has it');
        lent.add(stripe);
        most = Math.max(most, lent.size);
        order.push(index);
        await new Promise((resolve) => setImmediate(resolve));
        lent.delete(stripe);
      }),
    ),
  );
  assert.is(most, 2);
  assert.equal(
    order,
    [...order].sort((a, b) => a - b),
  );
});

it('takes a stripe back from work that fails', async () => {
  const pool = new StripePool(newStripes({ ...plan, stripeCount: 1 }));
  for (let round = 0; round < 3; round++) {
    const failure = await failureOf(pool.use(() => Promise.reject(new Error('it failed'))));
    assert.match(String(failure), 'it failed');
  }
  assert.is(await pool.use(async (stripe) => stripe.rows.length), 6);
});

it('rows of the stripes of one memory do not overlap', () => {
  const stripes = newStripes({ ...plan, rowBytes: 1000, stripeCount: 3 });
  const rows = stripes.flatMap((stripe) => stripe.rows);
  for (const [index, row] of rows.entries()) row.fill(index + 1);
  for (const [index, row] of rows.entries())
    assert.ok(
      row.every((byte) => byte === index + 1),
      `row ${index}`,
    );
});

it.run();
