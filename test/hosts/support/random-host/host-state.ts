/** The state of everything that belongs to people on a host, as sorted lines. */
export interface HostState {
  /** The lines about paths: type, numeric owner and group, mode, hard links, and the target of a link. */
  readonly paths: readonly string[];
  /** The lines about files: the digest of each file. */
  readonly contents: readonly string[];
  /** The lines about users: name, primary group, lines of passwd and shadow, groups and subordinate ids. */
  readonly accounts: readonly string[];
}

const ROOTS =
  "/home /data /srv /opt /etc/agents /etc/systemd/system /run/systemd/system /etc/sudoers.d /etc/cron.d /var/spool/cron /var/lib/systemd/linger /usr/local/bin";

const SPLIT = "---8<---";

/** Returns a script that prints the state. Names can have line breaks, so `\0` ends each of find's lines. */
export function stateScript(users: readonly string[]): string {
  const own = "! -path '*/muster*' ! -path '*/.muster*'";
  return `export LC_ALL=C; lines() { tr '\\n\\0' '\\1\\n' | sort; }
    find ${ROOTS} ${own} \\( -type d -printf '%p %y %U %G %m\\0' -o -printf '%p %y %U %G %m %n %l\\0' \\) | lines
    echo '${SPLIT}'; find ${ROOTS} ${own} -type f -exec sha256sum -z {} + | lines
    echo '${SPLIT}'
    for name in ${users.join(" ")}; do
      echo "$name $(id -gn $name) $(getent passwd $name) $(getent shadow $name) $(id -Gn $name | tr ' ' '\\n' | sort | xargs) $(grep "^$name:" /etc/subuid /etc/subgid | xargs)"
    done; true`;
}

export function parseState(output: string): HostState {
  const [paths = [], contents = [], accounts = []] = output
    .split(`${SPLIT}\n`)
    .map((part) => part.split("\n").filter((line) => line !== ""));
  return { paths, contents, accounts };
}

/** A process of the planted program. */
export interface AgentProcess {
  readonly pid: string;
  /** The time of its start, in clock ticks since the boot. */
  readonly started: string;
  readonly uid: string;
  /** The path of its cgroup. */
  readonly group: string;
  readonly words: readonly string[];
  readonly variables: ReadonlyMap<string, string>;
}

/** A script that prints one line for each process of the planted program. */
export const PROCESSES = `for dir in /proc/[0-9]*; do
    [ "$(cat $dir/comm 2>/dev/null)" = agent ] || continue
    set -- $(sed 's/.*) //' $dir/stat)
    echo "\${dir#/proc/} \${20} $(stat -c %u $dir) $(sed -n 's/^1:name=systemd://p; s/^0:://p' $dir/cgroup | head -1) $(base64 -w0 <$dir/cmdline) $(base64 -w0 <$dir/environ)"
  done`;

export function parseProcesses(output: string): AgentProcess[] {
  return output.split("\n").flatMap((line) => {
    const [pid = "", started = "", uid = "", group = "", words = "", variables = ""] = line.split(" ");
    if (pid === "") return [];
    const parts = (encoded: string) => Buffer.from(encoded, "base64").toString().split("\0").slice(0, -1);
    const pairs = parts(variables).map((one): [string, string] => {
      const at = one.indexOf("=");
      return [one.slice(0, at), one.slice(at + 1)];
    });
    return [{ pid, started, uid, group, words: parts(words), variables: new Map(pairs) }];
  });
}
