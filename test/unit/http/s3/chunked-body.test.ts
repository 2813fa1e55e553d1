import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ChunkSignatures } from '../../../../src/auth/chunk-signatures.js';
import { signRequest } from '../../../../src/auth/sign.js';
import type { ChunkSigning } from '../../../../src/auth/sigv4.js';
import { ChunkedBody, type ChunkedBodyOptions } from '../../../../src/http/s3/chunked-body.js';
import { S3Error } from '../../../../src/http/s3/s3-error.js';
import { encodeChunked, encodePieces, inPieces, type Piece, piecesOf } from './aws-chunked.js';

const chunked = suite('aws-chunked bodies');

/** The examples of AWS: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html */
const credentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secret: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const exampleChunks = [Buffer.alloc(65_536, 'a'), Buffer.alloc(1024, 'a')];
const exampleHeaders = {
  host: 's3.amazonaws.com',
  'content-encoding': 'aws-chunked',
  'x-amz-decoded-content-length': '66560',
  'x-amz-storage-class': 'REDUCED_REDUNDANCY',
};

function exampleSigning(headers: Record<string, string>, payload: string): ChunkSigning {
  const rawPath = '/examplebucket/chunkObject.txt';
  const request = { method: 'PUT', rawPath, rawQuery: '', headers };
  const options = { credentials, region: 'us-east-1', timeMs: Date.UTC(2013, 4, 24) };
  return signRequest(request, payload, options).chunkSigning;
}

const signing = exampleSigning(
  { ...exampleHeaders, 'content-length': '66824' },
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
);
const trailerSigning = exampleSigning(
  { ...exampleHeaders, 'x-amz-trailer': 'x-amz-checksum-crc32c' },
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
);
const crc32c = { 'x-amz-checksum-crc32c': 'sOO8/Q==' };
const announced = Object.keys(crc32c);

async function decode(body: Buffer, options: ChunkedBodyOptions, pieceBytes = body.length) {
  const decoder = new ChunkedBody(inPieces(body, pieceBytes), options);
  const data: Buffer[] = [];
  for await (const bytes of decoder) data.push(Buffer.from(bytes));
  return { data: Buffer.concat(data), trailers: Object.fromEntries(decoder.trailers) };
}

async function codeOf(body: Buffer, options: ChunkedBodyOptions): Promise<string> {
  const error: unknown = await decode(body, options).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error instanceof S3Error ? error.code : `no S3Error: ${String(error)}`;
}

chunked("signs the chunks of AWS's example as AWS does", () => {
  assert.is(
    signing.seedSignature,
    '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
  );
  assert.equal(
    piecesOf(exampleChunks, new ChunkSignatures(signing)).map(({ signature }) => signature),
    [
      'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
      '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
      'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
    ],
  );
  assert.is(encodeChunked(exampleChunks, signing).length, 66_824);
});

chunked("signs the chunks and the trailer of AWS's example as AWS does", () => {
  assert.is(
    trailerSigning.seedSignature,
    '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
  );
  const signatures = new ChunkSignatures(trailerSigning);
  assert.equal(
    piecesOf(exampleChunks, signatures).map(({ signature }) => signature),
    [
      'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2',
      '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7',
      '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992',
    ],
  );
  assert.is(
    signatures.signTrailer('x-amz-checksum-crc32c:sOO8/Q==\n'),
    'd81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435',
  );
});

chunked('decodes every form, however it is cut on its way', async () => {
  const forms: [ChunkedBodyOptions, Buffer, object][] = [
    [{ decodedBytes: 66_560, signing }, encodeChunked(exampleChunks, signing), {}],
    [
      { decodedBytes: 66_560, signing: trailerSigning, trailers: announced },
      encodeChunked(exampleChunks, trailerSigning, crc32c),
      crc32c,
    ],
    [
      { decodedBytes: 66_560, trailers: announced },
      encodeChunked(exampleChunks, undefined, crc32c),
      crc32c,
    ],
    [{ decodedBytes: 66_560, trailers: [] }, encodeChunked(exampleChunks), {}],
  ];
  for (const [options, body, trailers] of forms)
    for (const pieceBytes of [1, 2, 85, 1000, body.length]) {
      const decoded = await decode(body, options, pieceBytes);
      assert.ok(decoded.data.equals(Buffer.concat(exampleChunks)), `in ${pieceBytes}`);
      assert.equal(decoded.trailers, trailers);
    }
});

chunked('decodes what was encoded, for any chunks', async () => {
  const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(chunks, fc.integer({ min: 1, max: 400 }), async (given, pieceBytes) => {
      const data = given.map((bytes) => Buffer.from(bytes));
      const whole = Buffer.concat(data);
      const body = encodeChunked(data, signing);
      const decoded = await decode(body, { decodedBytes: whole.length, signing }, pieceBytes);
      assert.equal(decoded.data, whole);
    }),
  );
});

chunked("takes the line ends of AWS's examples of trailers", async () => {
  const options = { decodedBytes: 0, trailers: announced };
  for (const end of ['\r\n\r\n', '\n\r\n', '\n\r\n\r\n', '\n\n']) {
    const body = Buffer.from(`0\r\nx-amz-checksum-crc32c:sOO8/Q==${end}`);
    assert.equal((await decode(body, options)).trailers, crc32c, JSON.stringify(end));
  }
  const signatures = new ChunkSignatures(trailerSigning);
  const last = encodePieces(piecesOf([], signatures));
  const signature = signatures.signTrailer('x-amz-checksum-crc32c:sOO8/Q==\n');
  const trailer = `x-amz-checksum-crc32c:sOO8/Q==\n\r\nx-amz-trailer-signature:${signature}\r\n\r\n`;
  const body = Buffer.concat([last, Buffer.from(trailer)]);
  const signed = { decodedBytes: 0, signing: trailerSigning, trailers: announced };
  assert.equal((await decode(body, signed)).trailers, crc32c);
});

chunked(
  'faults 94: a chunk altered, reordered, left out, repeated or added is refused',
  async () => {
    const chunks = ['one', 'two', 'three', 'four'].map((text) => Buffer.from(text));
    const good = piecesOf(chunks, new ChunkSignatures(signing));
    const [one, two, three, four, last] = good;
    assert.ok(one && two && three && four && last);
    const end = Buffer.from('\r\n');
    const changes: [code: string, decodedBytes: number, pieces: Piece[]][] = [
      ['no S3Error: undefined', 15, good],
      ['SignatureDoesNotMatch', 15, [{ ...one, data: Buffer.from('onE') }, two, three, four, last]],
      ['SignatureDoesNotMatch', 15, [two, one, three, four, last]],
      ['SignatureDoesNotMatch', 12, [one, three, four, last]],
      ['SignatureDoesNotMatch', 18, [one, one, two, three, four, last]],
      ['SignatureDoesNotMatch', 11, [one, two, three, last]],
      ['SignatureDoesNotMatch', 15, [{ ...one, signature: two.signature ?? '' }, two, three, four]],
      [
        'SignatureDoesNotMatch',
        15,
        [one, two, three, four, { ...last, signature: '0'.repeat(64) }],
      ],
      ['IncompleteBody', 15, [{ data: one.data }, two, three, four, last]],
      ['IncompleteBody', 15, [{ ...one, signature: 'ab' }, two, three, four, last]],
      ['IncompleteBody', 14, good],
      ['IncompleteBody', 16, good],
      ['IncompleteBody', 15, [one, two, three, four]],
      ['MalformedTrailerError', 15, [one, two, three, four, last, last]],
    ];
    for (const [at, [code, decodedBytes, pieces]] of changes.entries()) {
      const body = Buffer.concat([encodePieces(pieces), end]);
      assert.is(await codeOf(body, { decodedBytes, signing }), code, `change ${at}`);
    }
  },
);

chunked('faults 94: a body cut anywhere is refused', async () => {
  for (const options of [
    { decodedBytes: 6, signing },
    { decodedBytes: 6, trailers: announced },
    { decodedBytes: 6, signing: trailerSigning, trailers: announced },
  ]) {
    const trailers = 'trailers' in options ? crc32c : {};
    const chunks = [Buffer.from('one'), Buffer.from('two')];
    const body = encodeChunked(chunks, options.signing, trailers);
    for (let lengthBytes = 0; lengthBytes < body.length; lengthBytes++)
      assert.is(await codeOf(body.subarray(0, lengthBytes), options), 'IncompleteBody');
  }
});

chunked('faults 94: a flipped bit in a signed body never changes what is decoded', async () => {
  const options = { decodedBytes: 6, signing: trailerSigning, trailers: announced };
  const chunks = [Buffer.from('one'), Buffer.from('two')];
  const body = encodeChunked(chunks, trailerSigning, crc32c);
  let refused = 0;
  for (let at = 0; at < body.length; at++)
    for (let bit = 0; bit < 8; bit++) {
      const damaged = Buffer.from(body);
      damaged[at] = (damaged[at] ?? 0) ^ (1 << bit);
      // Names may come in upper case, and a blank at the end of a value does not count.
      const decoded = await decode(damaged, options).catch((error: unknown) => error);
      if (decoded instanceof S3Error) refused++;
      else assert.equal(decoded, { data: Buffer.from('onetwo'), trailers: crc32c });
    }
  assert.ok(refused > body.length * 7, `${refused} refused`);
});

chunked(
  'faults 94: trailers are those announced, each once, and signed with the chunks',
  async () => {
    const signed = (trailers: Record<string, string>, change = (text: string) => text) =>
      Buffer.from(change(encodeChunked([], trailerSigning, trailers).toString('latin1')), 'latin1');
    const options = { decodedBytes: 0, signing: trailerSigning, trailers: announced };
    const other = { 'x-amz-checksum-crc32': 'AAAAAA==' };
    const bodies: [code: string, body: Buffer, options: ChunkedBodyOptions][] = [
      ['no S3Error: undefined', signed(crc32c), options],
      ['SignatureDoesNotMatch', signed(crc32c, (text) => text.replace('sOO8', 'sOO9')), options],
      [
        'SignatureDoesNotMatch',
        signed(crc32c, (text) => text.replace(/x-amz-t.*\r\n/, '')),
        options,
      ],
      [
        'MalformedTrailerError',
        signed(crc32c, (text) => `${text}more`.concat('\r\n\r\n')),
        options,
      ],
      ['MalformedTrailerError', signed(crc32c, (text) => `${text}\r\n\r\n`), options],
      ['MalformedTrailerError', signed({}), options],
      ['MalformedTrailerError', signed(other), options],
      ['MalformedTrailerError', signed({ ...crc32c, ...other }), options],
      ['MalformedTrailerError', signed(crc32c), { decodedBytes: 0, signing: trailerSigning }],
      [
        'MalformedTrailerError', // an unsigned trailer carries no signature
        Buffer.from(`0\r\nx-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:00\r\n\r\n`),
        { decodedBytes: 0, trailers: announced },
      ],
      [
        'MalformedTrailerError',
        Buffer.from(`0\r\n${'x-amz-checksum-crc32c:sOO8/Q==\r\n'.repeat(2)}\r\n`),
        { decodedBytes: 0, trailers: announced },
      ],
    ];
    for (const [at, [code, body, given]] of bodies.entries())
      assert.is(await codeOf(body, given), code, `body ${at}`);
  },
);

chunked(
  'faults 101: lines, trailers and sizes are bounded before anything is gathered',
  async () => {
    const options = { decodedBytes: 10, trailers: announced };
    const bodies: [code: string, body: string][] = [
      ['IncompleteBody', '0'.repeat(1000)],
      ['IncompleteBody', `${'0'.repeat(300)}\r\n`],
      ['IncompleteBody', '-1\r\n'],
      ['IncompleteBody', '0x1\r\na\r\n'],
      ['IncompleteBody', ' 1\r\na\r\n'],
      ['IncompleteBody', '1\na\r\n'],
      ['IncompleteBody', '1;ext=1\r\na\r\n'],
      ['IncompleteBody', '1\r\nab\r\n'],
      ['IncompleteBody', 'ffffffffffff\r\n'],
      ['IncompleteBody', 'b\r\n'],
      ['MalformedTrailerError', `a\r\n0123456789\r\n0\r\n${'x'.repeat(9000)}`],
    ];
    for (const [code, body] of bodies)
      assert.is(await codeOf(Buffer.from(body), options), code, body.slice(0, 30));
  },
);

chunked.run();
