import type { DirectoryItem, FileItem } from "../model/items.ts";
import type { Host } from "./context.ts";
import { restartIfRunning } from "./kinds/unit.ts";
import { isAsWanted, lookAtItems, sceneOf, subjectsOf } from "./look.ts";
import { sourceOf } from "./store/contents.ts";
import { readRecords } from "./store/records.ts";
import { sealOf } from "./store/seal.ts";
import { daemonReload } from "./systemctl.ts";

/**
 * Lets systemd read the unit files that were written, and starts again what reads any of these files.
 *
 * @param id the resource that wrote them
 * @param left units that a killed run meant to start again
 */
export function startAgain(
  host: Host,
  id: string,
  written: readonly (FileItem | DirectoryItem)[],
  left: readonly string[] = [],
): void {
  const reads = left.length > 0 || written.some(({ path }) => path.startsWith(`${host.paths.units}/`));
  if (reads) daemonReload(host);
  const notified = written.flatMap(({ notify }) => (notify === undefined ? [] : [notify]));
  for (const unit of new Set([...left, ...notified])) {
    // Mending a unit, and telling whether it starts then, is for the resource that has it.
    if (isSpoiltElsewhere(host, id, unit)) host.run("systemctl", ["try-restart", "--no-block", "--", unit]);
    else restartIfRunning(host, [unit]);
  }
}

/** Whether a unit is another resource's, which has drifted. */
function isSpoiltElsewhere(host: Host, id: string, unit: string): boolean {
  const others = readRecords(host).filter((record) => record.id !== id);
  const record = others.find(({ items }) =>
    Object.values(items).some((item) => item.kind === "unit" && item.name === unit),
  );
  if (record === undefined) return false;
  const seen = lookAtItems(sceneOf(host, sourceOf(host), sealOf(host)), subjectsOf(record.items, record));
  return Object.entries(record.items).some(([name, item]) => !isAsWanted(item, seen[name]));
}
