import { existsSync, lstatSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { cacheDir, projectDir } from "../../base/muster-folders.ts";
import { launcherDir } from "../../engine/index.ts";
import { HOST_KIND_NAMES, hostKindOf } from "../../host-kinds/registry.ts";
import type { CommandDefinition } from "../command.ts";
import { bytes, sizeOf } from "../disk-usage.ts";
import { table } from "../render/table.ts";

export const command: CommandDefinition = {
  usage: "clean",
  summary:
    "remove everything that can be downloaded or built again: the engine, the image for local hosts, caches",
  options: { "--yes": "remove everything; without this option, only show what would be removed, with sizes" },
  async run({ options, io }) {
    const cache = cacheDir();
    const parts = existsSync(cache) ? readdirSync(cache).map((name) => join(cache, name)) : [];
    if (parts.length === 0) {
      io.out(`${cache} is empty.\n`);
      return [];
    }
    io.out(table(parts.map((path) => [bytes(sizeOf(path)), path])));
    if (options["yes"] !== true) {
      io.out(
        "Nothing was removed. `npx fleet clean --yes` removes everything in this list; the next run downloads what it needs again.\n",
      );
      return [];
    }
    for (const kind of HOST_KIND_NAMES)
      await hostKindOf({ kind }).onThisMachine?.clean(projectDir() ?? process.cwd());
    if (pointsInto(launcherDir(), cache)) rmSync(launcherDir());
    rmSync(cache, { recursive: true, force: true });
    io.out("Everything was removed.\n");
    return [];
  },
};

/**
 * Whether a link points into `dir`. A link to an engine in another folder is kept, because Muster did not create this
 * link.
 */
function pointsInto(link: string, dir: string): boolean {
  const stat = lstatSync(link, { throwIfNoEntry: false });
  return stat?.isSymbolicLink() === true && resolve(link, "..", readlinkSync(link)).startsWith(`${dir}/`);
}
