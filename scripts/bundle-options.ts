import type { BuildOptions } from "esbuild";

/** How a program becomes one file that Node can run. */
export const bundleOptions: BuildOptions = {
  bundle: true,
  platform: "node",
  format: "esm",
  // The main file of this package cannot be bundled.
  alias: { "jsonc-parser": "jsonc-parser/lib/esm/main.js" },
  // ESM bundles of CommonJS libraries need a `require`, but only for node: modules.
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
};
