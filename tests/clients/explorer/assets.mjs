// Fetches the page's files without decoding them.
// Argument: the gateway's URL. Prints how each file of the page is sent with each Accept-Encoding.
import { createHash } from 'node:crypto';
import { get } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';

const [base] = process.argv.slice(2);
const DECODE = { br: brotliDecompressSync, gzip: gunzipSync, identity: (bytes) => bytes };

function send(path, headers) {
  return new Promise((resolve, reject) => {
    get(new URL(path, base), { headers }, async (response) => {
      const chunks = [];
      for await (const chunk of response) chunks.push(chunk);
      resolve({ status: response.statusCode, headers: response.headers, bytes: Buffer.concat(chunks) });
    }).on('error', reject);
  });
}

// Starting with the page, every file that a file names is fetched.
const found = new Set();
const waiting = [...(await send('/graphiql')).bytes.toString().matchAll(/graphiql\/[\w.-]+/g)].map(([path]) => path);
const files = [];
while (waiting.length) {
  const path = waiting.pop();
  if (found.has(path)) continue;
  found.add(path);
  const forms = [];
  for (const accepted of ['br', 'gzip', 'gzip, deflate, br, zstd', 'br;q=0, gzip;q=0.5', 'identity', 'br;q=0.1, gzip', '*']) {
    const { status, headers, bytes } = await send(`/${path}`, { 'accept-encoding': accepted });
    const encoding = headers['content-encoding'] ?? 'identity';
    const plain = DECODE[encoding](bytes);
    forms.push({
      accepted, encoding, status, headers, length: bytes.length,
      digest: createHash('sha256').update(plain).digest('hex'),
    });
    const again = await send(`/${path}`, { 'accept-encoding': accepted, 'if-none-match': `"other", W/${headers.etag}` });
    forms.at(-1).again = { status: again.status, etag: again.headers.etag, length: again.bytes.length };
    for (const [, name] of plain.toString('latin1').matchAll(/["'`(/.]([\w.-]+-[\w-]{8}\.(?:js|css|ttf))/g)) {
      waiting.push(`graphiql/${name}`);
    }
  }
  files.push({ path, forms });
}
process.stdout.write(JSON.stringify(files));
