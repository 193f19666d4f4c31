import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Project } from "./project.ts";

/**
 * Prints everything that belongs to Muster on a host, and everything that a run could leave there by mistake: files
 * with owner, mode and content, accounts, systemd's units, and the running programs of each agent with their keys. The
 * base system of a local host is left out. The deadman's state, history and uptimes are left out, because no run writes
 * them. The ledgers are left out, because they contain the findings of each killed run. The former keys are left out,
 * because they depend on when a process was restarted. The texts that a repair has
 * replaced are left out, because another test covers them.
 */
const EVERYTHING = `
  find /etc/systemd/system /home /root /usr/local /opt /tmp /run/muster* /run/systemd/system \
    /var/lib/muster /var/lib/muster-aside ! -type s ! -path /var/lib/muster-aside \
    ! -path '/var/lib/muster-aside/overwritten*' \
    ! -path '/run/muster-hostd/*' ! -path '/var/lib/muster/hostd/[fmhu]*' ! -path '/var/lib/muster/ledgers*' -printf '%y %M %u %g %p %l\\n' 2>/dev/null
  ls -A /etc | grep -E '^[.]?(passwd|group|shadow|gshadow|subuid|subgid)' | grep -v -e '-$'
  cut -d: -f1,6,7 /etc/passwd; for file in group shadow subuid; do sed "s/:.*/ in $file/" /etc/$file; done
  find /etc/systemd/system /home /var/lib/muster /var/lib/muster-aside -type f ! -name '*.db*' ! -name key \
    ! -path '/var/lib/muster/hostd/[fmhu]*' ! -path '/var/lib/muster/ledgers*' ! -path '/var/lib/muster-aside/overwritten/*' 2>/dev/null |
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

/** Values that are different in every run, such as times and numbers, each with the text that replaces it. */
const VOLATILE: readonly (readonly [RegExp, string])[] = [
  [/\d{8}T\d{9}Z/g, "<time>"],
  [/systemd-private-\S+/g, "<private>"],
  [/tmux-\d+/g, "tmux-<uid>"],
  [/ \d+ \d+ (?=\/var\/lib\/muster-aside)/g, " <gone> <gone> "],
];

/** Returns the sorted lines about a host. Two hosts with the same content have equal lines. */
export async function everythingOn(project: Project, host: string): Promise<string[]> {
  const text = await project.onHost(host, EVERYTHING);
  const plain = VOLATILE.reduce((all, [what, name]) => all.replace(what, name), text);
  return [...new Set(plain.split("\n"))].sort().filter((line) => !line.includes("<private>"));
}

interface Resource {
  readonly urn: string;
}

/** The fields in the state that the engine adds for its own use. */
const ENGINE_FIELDS = ["created", "modified", "sourcePosition", "stackTrace"];

/**
 * The engine's own provider. A run that reads the state creates this provider (src/program/preflight.ts), and the next
 * run removes it.
 */
const STATE_READER = "::pulumi:providers:pulumi::default";

/**
 * Returns the stack's state and the project's own files. Times, ciphertexts and seals are left out, because they are
 * different after every run.
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

/** Returns the text of the inventory. Other files are left empty, because their text is different after every run. */
function textOf(file: string): string {
  return file.endsWith("inventory.yaml") ? readFileSync(file, "utf8") : "";
}
