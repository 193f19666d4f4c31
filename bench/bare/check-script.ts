import { RUNTIME_DIR } from "../../src/model/host-paths.ts";
import type { HostItem } from "../../src/model/items.ts";
import { line, ofKind, quoted } from "./items.ts";

const UNIT_PROPERTIES = "Id,LoadState,ActiveState,SubState,UnitFileState,DropInPaths";

/**
 * Returns the script that an expert would write by hand to check one host. The script reads every fact that `fleet
 * drift` reads. It uses one process for each kind of fact if the tools allow this.
 */
export function checkScript(items: readonly HostItem[]): string {
  const paths = (kind: "file" | "directory" | "rows") => ofKind(items, kind).map(({ path }) => path);
  const names = (kind: "user" | "group" | "package" | "unit") => ofKind(items, kind).map(({ name }) => name);
  const run = ofKind(items, "runtime").map(() => `${RUNTIME_DIR}/run`);
  const rows = (table: string) => `SELECT * FROM ${table} ORDER BY name`;
  return [
    "set -eu",
    "export LC_ALL=C",
    ...line("stat -c '%n %F %U %G %a %h' --", [...paths("file"), ...paths("directory"), ...paths("rows")]),
    ...line("sha256sum --", [...run, ...paths("file")]),
    ...line("getent passwd --", names("user")),
    ...line("getent group --", names("group")),
    ...line(`dpkg-query -W -f '\${Package} \${db:Status-Status}\\n' --`, names("package")),
    ...line(`systemctl show -p ${UNIT_PROPERTIES} --`, names("unit")),
    ...ofKind(items, "rows").map(
      ({ path, table }) => `sqlite3 -readonly ${quoted(path)} ${quoted(rows(table))} | sha256sum`,
    ),
    "",
  ].join("\n");
}
