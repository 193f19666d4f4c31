import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Project } from "./project.ts";

/**
 * Prints everything that Muster has on a host, and everything that a run could leave there by mistake: files with
 * owner, mode and content, accounts, units in systemd, and for each agent the number of its programs and their keys.
 * The base system of a local host is left out, and so are the deadman's memory and history, which no run writes.
 */
const EVERYTHING = `
  find /etc/systemd/system /home /root /usr/local /opt /tmp /run/muster* /run/systemd/system \
    /var/lib/muster /var/lib/muster-aside ! -type s \
    ! -path '/run/muster-hostd/*' ! -path '/var/lib/muster/hostd/[mh]*' -printf '%y %M %u %g %p %l\\n' 2>/dev/null
  ls -A /etc | grep -E '^[.]?(passwd|group|shadow|gshadow|subuid|subgid)' | grep -v -e '-$'
  cut -d: -f1,6,7 /etc/passwd; for file in group shadow subuid; do sed "s/:.*/ in $file/" /etc/$file; done
  find /etc/systemd/system /home /var/lib/muster /var/lib/muster-aside -type f ! -name '*.db*' ! -name key \
    ! -path '/var/lib/muster/hostd/[mh]*' 2>/dev/null |
    while read -r file; do printf '%s ' "$file"; sed -E 's/hmac:[0-9a-f]{64}/hmac/g; s|/tmp/muster-test-\\w+||g' "$file" | sha256sum; done
  rows() { sqlite3 "$1" "SELECT * FROM contacts $2 ORDER BY name" | sed "s|^|$1: |"; }
  for file in /home/*/contacts.db; do [ -e "$file" ] && rows "$file"; done
  for file in $(find /var/lib/muster-aside -name '*.db*' 2>/dev/null); do rows "$file" "WHERE type IS NULL"; done
  for unit in $(ls /etc/systemd/system | grep '^muster-agent-.*service$'); do
    agent=\${unit#muster-agent-} agent=\${agent%.service}
    echo "$unit $(systemctl is-enabled $unit) $(systemctl is-active $unit)" \
      $(systemctl show -p NeedDaemonReload,WatchdogUSec,DropInPaths $unit)
    for try in $(seq 100); do
      pids=$(pgrep -u $agent -x -f '/bin/sh agent.sh') && break
      sleep 0.1
    done
    for pid in $pids; do
      echo "$agent runs with $(tr '\\0' '\\n' </proc/$pid/environ | grep ANTHROPIC | sha256sum)"
    done
  done; true`;

/** Times, and values that every process or file system numbers differently. */
const VOLATILE: readonly (readonly [RegExp, string])[] = [
  [/\d{8}T\d{9}Z/g, "<time>"],
  [/systemd-private-\S+/g, "<private>"],
  [/tmux-\d+/g, "tmux-<uid>"],
  [/ \d+ \d+ (?=\/var\/lib\/muster-aside)/g, " <gone> <gone> "],
];

/** The sorted lines about a host. They are equal for two hosts with the same result. */
export async function everythingOn(project: Project, host: string): Promise<string[]> {
  const text = await project.onHost(host, EVERYTHING);
  const plain = VOLATILE.reduce((all, [what, name]) => all.replace(what, name), text);
  return [...new Set(plain.split("\n"))].sort().filter((line) => !line.includes("<private>"));
}

interface Resource {
  readonly urn: string;
}

/** Fields that the engine writes for itself. */
const ENGINE_FIELDS = ["created", "modified", "sourcePosition", "stackTrace"];

/**
 * The engine's own provider. It exists after a run that had to read the state (src/program/preflight.ts), and is
 * removed by the next run.
 */
const STATE_READER = "::pulumi:providers:pulumi::default";

/**
 * A stack's state and the project's own files, without times, ciphertexts and seals, which differ between any two
 * runs.
 */
export function everythingOf(project: Project): unknown {
  const { checkpoint } = JSON.parse(project.read(".state/.pulumi/stacks/muster/test.json")) as {
    checkpoint: { latest: { resources?: Resource[]; pending_operations?: unknown[] } };
  };
  const { resources = [], pending_operations: pending = [] } = checkpoint.latest;
  return {
    pending,
    resources: resources
      .filter(({ urn }) => !urn.endsWith(STATE_READER))
      .map(withoutVolatile)
      .sort((a, b) => (a.urn < b.urn ? -1 : 1)),
    files: ["stacks", ".muster/ssh", ".state/.pulumi/stacks", ".state/.pulumi/locks"].flatMap((folder) =>
      filesIn(project, folder),
    ),
  };
}

function withoutVolatile(resource: Resource): Resource {
  const text = JSON.stringify(resource, (key, value: unknown) => {
    if (ENGINE_FIELDS.includes(key)) return undefined;
    if (key === "dependencies") return (value as string[]).toSorted();
    return ["ciphertext", "seal"].includes(key) ? `<${key}>` : value;
  });
  return JSON.parse(text.replace(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g, "<id>")) as Resource;
}

function filesIn({ dir }: Project, folder: string): string[] {
  try {
    const entries = readdirSync(join(dir, folder), { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name));
    return files.map((file) => `${file.slice(dir.length)} ${textOf(file)}`).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** Only the inventory's text is the same after each successful run. */
function textOf(file: string): string {
  return file.endsWith("inventory.yaml") ? readFileSync(file, "utf8") : "";
}
