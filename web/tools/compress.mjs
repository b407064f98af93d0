// Writes a .gz and a .br copy beside each file of the build that gains by it, and
// refuses a build whose first paint needs more script than it may.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/** Of script, compressed, that index.html loads by itself. */
const FIRST_PAINT_BYTES = 100_000;
const COMPRESSIBLE = /\.(html|js|css|svg|json|txt|webmanifest)$/;

function* filesIn(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* filesIn(path);
    else if (COMPRESSIBLE.test(name)) yield path;
  }
}

for (const path of filesIn('dist')) {
  const bytes = readFileSync(path);
  const gz = gzipSync(bytes, { level: 9 });
  const br = brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
  writeFileSync(`${path}.gz`, gz);
  writeFileSync(`${path}.br`, br);
  console.log(`${path}  ${bytes.length}  gz ${gz.length}  br ${br.length}`);
}

const page = readFileSync('dist/index.html', 'utf8');
const scripts = [...page.matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map(([, path]) => path);
const first = scripts.reduce((sum, path) => sum + statSync(join('dist', `${path}.gz`)).size, 0);
console.log(`first paint: ${first} bytes of script, gz, in ${scripts.length} files`);
if (first > FIRST_PAINT_BYTES) {
  console.error(`first paint may have ${FIRST_PAINT_BYTES}: load what can wait when it is needed`);
  process.exitCode = 1;
}
