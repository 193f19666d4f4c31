import { readFileSync } from "node:fs";
import { join } from "node:path";

const PACKAGES = join(import.meta.dirname, "../../../../node_modules/@pulumi");

/** A plugin has the version of its SDK, like the vendor's. */
export function sdkVersion(name: string): string {
  return (JSON.parse(readFileSync(join(PACKAGES, name, "package.json"), "utf8")) as { version: string })
    .version;
}
