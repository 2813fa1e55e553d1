import { createHash } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import * as assert from 'uvu/assert';
import type { MadeUser } from '../../src/auth/users.js';
import { type Answer, type S3Place, s3Place } from './s3-place.js';

/** A user of a served store, and a client that signs as that user. */
export interface Person {
  readonly name: string;
  readonly id: string;
  readonly arn: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly client: S3Client;
}

/** A place with users beside root. */
export interface People extends S3Place {
  /** Makes a user with these policies, `own-buckets` unless others are named. */
  person(name: string, policies?: readonly string[]): Promise<Person>;
  /** A signed request to the native API; root's unless another pair is given. */
  native(method: string, path: string, body?: unknown, as?: Person): Promise<Answer>;
}

export async function peoplePlace(
  settings: Readonly<Record<string, string>> = {},
): Promise<People> {
  const at = await s3Place(settings);
  const native: People['native'] = (method, path, body, as) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const payload = sha256Of(text ?? '');
    const signer =
      as === undefined ? {} : { accessKeyId: as.accessKeyId, secret: as.secretAccessKey };
    const sent = text === undefined ? {} : { body: text };
    return at.send({ method, target: `/_${path}`, payload, ...sent, ...signer });
  };
  const person: People['person'] = async (name, policies = ['own-buckets']) => {
    const answer = await native('POST', '/users', { name, policies });
    assert.is(answer.status, 200, answer.body.toString());
    const { user, credentials } = JSON.parse(answer.body.toString()) as MadeUser;
    const client = at.newClient({ credentials });
    return { name, id: user.id, arn: `arn:aws:iam:::user/${name}`, ...credentials, client };
  };
  return { ...at, native, person };
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
