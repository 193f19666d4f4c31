import type { BuildOptions } from "esbuild";

/** The esbuild options that bundle a program into one file that Node can run. */
export const bundleOptions: BuildOptions = {
  bundle: true,
  platform: "node",
  format: "esm",
  // The main file of this package cannot be bundled.
  alias: { "jsonc-parser": "jsonc-parser/lib/esm/main.js" },
  // CommonJS libraries in an ESM bundle need a `require` function, but only for node: modules.
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
};
