import { defineConfig } from 'vitest/config';

export default defineConfig({
  define: { __BUILD_ID__: JSON.stringify(process.env.ATRIUM_BUILD_ID ?? '') },
  build: {
    target: 'es2022',
    outDir: 'dist',
    assetsDir: 'assets',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    chunkSizeWarningLimit: 600,
  },
  server: { port: 5173, proxy: fakeProxy() },
  test: { include: ['src/**/*.test.ts', 'test/**/*.test.ts'], environment: 'node' },
});

/** While developing, everything but the page comes from a gateway. */
function fakeProxy() {
  const target = process.env.ATRIUM_GATEWAY ?? 'http://127.0.0.1:8710';
  return {
    '/ticket': target,
    '/ws': { target: target.replace('http', 'ws'), ws: true },
  };
}
