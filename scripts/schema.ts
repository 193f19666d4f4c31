import { createRequire } from "node:module";
import { dirname } from "node:path";
import type { Ajv } from "ajv";
import type { Plugin } from "esbuild";
import { ajv } from "../src/config/schema/validator.ts";

type StandaloneCode = (ajv: Ajv, names: Record<string, string>) => string;

const standaloneCode = createRequire(import.meta.url)("ajv/dist/standalone") as StandaloneCode;

/**
 * An esbuild plugin that replaces the schemas with validation code from ajv, so that ajv itself does not have to be
 * bundled.
 */
export const compiledSchemas: Plugin = {
  name: "compiled-schemas",
  setup(build) {
    build.onLoad({ filter: /src\/config\/schema\/validator\.ts$/ }, ({ path }) => ({
      contents: standaloneCode(ajv, {
        validateFleet: "fleet.schema.json",
        validateSnapshot: "report-snapshot.schema.json",
      }),
      loader: "js",
      resolveDir: dirname(path),
    }));
  },
};
