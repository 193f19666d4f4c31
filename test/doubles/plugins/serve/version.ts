import { readFileSync } from "node:fs";
import { join } from "node:path";

const PACKAGES = join(import.meta.dirname, "../../../../node_modules/@pulumi");

/** Returns the version of an SDK. Like the vendor's plugin, a stand-in has the version of its SDK. */
export function sdkVersion(name: string): string {
  return (JSON.parse(readFileSync(join(PACKAGES, name, "package.json"), "utf8")) as { version: string })
    .version;
}
