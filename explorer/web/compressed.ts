// Writes Brotli and gzip forms beside every asset that they make smaller.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

import type { Plugin } from 'vite';

const FORMS = {
  br: (bytes: Buffer) =>
    promisify(brotliCompress)(bytes, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    }),
  gz: (bytes: Buffer) => promisify(gzip)(bytes, { level: constants.Z_BEST_COMPRESSION }),
};

/** What is below the page is compressed; the page itself differs with every answer. */
export function compressed(): Plugin {
  let folder = '';
  return {
    name: 'compressed',
    apply: 'build',
    configResolved(config) {
      folder = join(config.root, config.build.outDir, config.build.assetsDir);
    },
    async closeBundle(error) {
      if (error) return;
      const names = await readdir(folder);
      await Promise.all(
        names.map(async (name) => {
          const bytes = await readFile(join(folder, name));
          const forms = await Promise.all(
            Object.entries(FORMS).map(async ([ending, form]) => [ending, await form(bytes)] as const),
          );
          // All forms or none, so that whoever serves them need not think about it.
          if (forms.some(([, form]) => form.length >= bytes.length)) return;
          await Promise.all(forms.map(([ending, form]) => writeFile(join(folder, `${name}.${ending}`), form)));
        }),
      );
    },
  };
}
