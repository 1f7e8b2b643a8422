import { defineConfig } from 'vite';

// `npm run dev` passes what the page asks on to a running `poise serve`.
const server = process.env.POISE_SERVER ?? 'http://127.0.0.1:8080';

export default defineConfig({
  base: './', // behind a proxy the page may live below a path
  build: {
    target: 'es2021',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    // Names without hashes: the server carries the files by name.
    rollupOptions: {
      output: {
        entryFileNames: 'assets/[name].js',
        chunkFileNames: 'assets/[name].js',
        assetFileNames: 'assets/[name][extname]',
      },
    },
  },
  server: {
    proxy: {
      '/v1': { target: server, ws: true },
      '/healthz': server,
    },
  },
});
