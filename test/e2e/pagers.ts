import {
  type CommonPrefix,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListObjectVersionsCommand,
  paginateListObjectsV2,
  paginateListParts,
  type S3Client,
} from '@aws-sdk/client-s3';

/** What one walk through all pages of a listing has shown, in the order in which it came. */
export interface Walked {
  readonly shown: string[];
  /** Delete markers, which the SDK gives apart from versions. */
  readonly markers: string[];
  readonly prefixes: string[];
  pageCount: number;
}

export interface Walk {
  readonly Bucket: string;
  readonly Prefix: string;
  readonly Delimiter: string | undefined;
  readonly pageSize: number;
}

export type Pager = (client: S3Client, walk: Walk) => Promise<Walked>;

// Names come escaped: what XML cannot hold cannot come otherwise, and the SDK leaves them so.
const EncodingType = 'url';
const decode = (name: string | undefined) => decodeURIComponent(name ?? '');

/** A name as version and upload listings show it: with the id of the one that is meant. */
export function withId(name: string, id: string): string {
  return `${name}\u0000${id}`;
}

function empty(): Walked {
  return { shown: [], markers: [], prefixes: [], pageCount: 0 };
}

function keep(
  walked: Walked,
  shown: readonly string[],
  prefixes: readonly CommonPrefix[] | undefined,
): void {
  walked.pageCount += 1;
  walked.shown.push(...shown);
  walked.prefixes.push(...(prefixes ?? []).map(({ Prefix }) => decode(Prefix)));
}

/** Each as an application walks it: by the SDK's paginator where it has one, else by markers. */
export const pagers = {
  async ListObjectsV2(client, { pageSize, ...walk }) {
    const walked = empty();
    const input = { ...walk, EncodingType } as const;
    for await (const page of paginateListObjectsV2({ client, pageSize }, input)) {
      const keys = (page.Contents ?? []).map(({ Key }) => decode(Key));
      keep(walked, keys, page.CommonPrefixes);
    }
    return walked;
  },

  async ListObjects(client, { pageSize: MaxKeys, ...walk }) {
    const walked = empty();
    let Marker: string | undefined;
    for (;;) {
      const input = { ...walk, EncodingType, MaxKeys, Marker } as const;
      const page = await client.send(new ListObjectsCommand(input));
      const keys = (page.Contents ?? []).map(({ Key }) => decode(Key));
      keep(walked, keys, page.CommonPrefixes);
      if (page.IsTruncated !== true) return walked;
      Marker = page.NextMarker === undefined ? keys.at(-1) : decode(page.NextMarker);
    }
  },

  async ListObjectVersions(client, { pageSize: MaxKeys, ...walk }) {
    const walked = empty();
    let KeyMarker: string | undefined;
    let VersionIdMarker: string | undefined;
    for (;;) {
      const input = { ...walk, EncodingType, MaxKeys, KeyMarker, VersionIdMarker } as const;
      const page = await client.send(new ListObjectVersionsCommand(input));
      const names = (
        of: readonly { Key?: string | undefined; VersionId?: string | undefined }[] | undefined,
      ) => (of ?? []).map(({ Key, VersionId = '' }) => withId(decode(Key), VersionId));
      walked.markers.push(...names(page.DeleteMarkers));
      keep(walked, names(page.Versions), page.CommonPrefixes);
      if (page.IsTruncated !== true) return walked;
      KeyMarker = decode(page.NextKeyMarker);
      VersionIdMarker = page.NextVersionIdMarker;
    }
  },

  async ListMultipartUploads(client, { pageSize: MaxUploads, ...walk }) {
    const walked = empty();
    let KeyMarker: string | undefined;
    let UploadIdMarker: string | undefined;
    for (;;) {
      const input = { ...walk, EncodingType, MaxUploads, KeyMarker, UploadIdMarker } as const;
      const page = await client.send(new ListMultipartUploadsCommand(input));
      const uploads = page.Uploads ?? [];
      const names = uploads.map(({ Key, UploadId = '' }) => withId(decode(Key), UploadId));
      keep(walked, names, page.CommonPrefixes);
      if (page.IsTruncated !== true) return walked;
      KeyMarker = decode(page.NextKeyMarker);
      UploadIdMarker = page.NextUploadIdMarker;
    }
  },
} satisfies Record<string, Pager>;

/** Part numbers of one upload. */
export async function walkParts(
  client: S3Client,
  upload: { Bucket: string; Key: string; UploadId: string },
  pageSize: number,
): Promise<number[]> {
  const numbers: number[] = [];
  for await (const page of paginateListParts({ client, pageSize }, upload))
    numbers.push(...(page.Parts ?? []).map(({ PartNumber = 0 }) => PartNumber));
  return numbers;
}
