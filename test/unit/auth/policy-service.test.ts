import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { verdictOf } from '../../../src/auth/policy-decision.js';
import { root } from '../../../src/auth/principal.js';
import { loggingService } from '../../../src/auth/sender.js';
import { alice, bucketPolicy, question, verdict } from './policy-words.js';

const it = suite('policies and the service that delivers logs');

const named = { Principal: { Service: 'logging.s3.amazonaws.com' } };
const base = { Effect: 'Deny', Action: 's3:PutObject', Resource: 'arn:aws:s3:::b/*' };
const ofService = (statement: object, values = {}) =>
  verdictOf(bucketPolicy({ ...base, ...statement }), {
    ...question({ action: 'putobject', values }),
    ...{ principal: loggingService, shownId: undefined },
  });

it('it is named as a service, and nobody else is by that name', () => {
  assert.is(ofService(named), 'denied');
  for (const who of [root, alice]) assert.is(verdict(named, { who }), 'unsaid');
});

it('everybody is the service too, and one who is named is not', () => {
  assert.is(ofService({ Principal: '*' }), 'denied');
  assert.is(ofService({ Principal: { AWS: 'arn:aws:iam:::root' } }), 'unsaid');
  assert.is(ofService({ NotPrincipal: { AWS: 'arn:aws:iam:::root' } }), 'denied');
  assert.is(ofService({ NotPrincipal: named.Principal }), 'unsaid');
});

it('a condition may look at what it delivers from', () => {
  const Condition = { ArnLike: { 'aws:SourceArn': 'arn:aws:s3:::private-*' } };
  const from = (arn: string) => ofService({ ...named, Condition }, { 'aws:sourcearn': arn });
  assert.is(from('arn:aws:s3:::private-photos'), 'denied');
  assert.is(from('arn:aws:s3:::photos'), 'unsaid');
});

it('other services are nobody', () => {
  assert.is(ofService({ Principal: { Service: 'ec2.amazonaws.com' } }), 'unsaid');
  assert.is(ofService({ NotPrincipal: { Service: 'ec2.amazonaws.com' } }), 'denied');
});

it.run();
