import { parse } from "yaml";

/** The file that cloud-init writes when its work is done. It contains the exit code of the user_data. */
const DONE = "/run/cloud-init/result.json";

/** The folder in which cloud-init keeps its input. */
const FOLDER = "/var/lib/cloud/instance";

/**
 * Returns a shell script that does cloud-init's work at a droplet's first boot. It stores the user_data, runs the
 * user_data in the background, and installs a `cloud-init` command that supports only `status [--wait]`. In a
 * #cloud-config, it supports write_files, bootcmd and runcmd.
 */
export function cloudInitScript(userData: string): string {
  return `
mkdir -p ${FOLDER} /run/cloud-init
${put(userData, `${FOLDER}/user-data.txt`)}
${put(COMMAND, "/usr/bin/cloud-init")}
chmod 755 /usr/bin/cloud-init
${put(programOf(userData), `${FOLDER}/run`)}
chmod 700 ${FOLDER}/run
systemd-run --quiet --collect --unit=cloud-final /bin/sh -c '
  ${FOLDER}/run >/var/log/cloud-init-output.log 2>&1
  echo "{\\"code\\": $?}" >${DONE}.new
  touch ${FOLDER}/boot-finished
  mv ${DONE}.new ${DONE}'
`;
}

const COMMAND = `#!/bin/sh
[ "$1" = status ] || { echo "this cloud-init knows status alone" >&2; exit 1; }
[ "$2" != --wait ] || while [ ! -e ${FOLDER}/boot-finished ]; do sleep 0.1; done
if [ ! -e ${FOLDER}/boot-finished ]; then echo "status: running"; exit 0; fi
if [ ! -e ${DONE} ] || grep -q '"code": 0' ${DONE}; then echo "status: done"; exit 0; fi
echo "status: error"
exit 1
`;

function programOf(userData: string): string {
  if (userData.startsWith("#!")) return userData;
  return `#!/bin/sh\n${userData.startsWith("#cloud-config") ? steps(parse(userData) ?? {}) : ""}`;
}

interface Config {
  readonly bootcmd?: readonly (string | readonly string[])[];
  readonly runcmd?: readonly (string | readonly string[])[];
  readonly write_files?: readonly {
    readonly path: string;
    readonly content?: string;
    readonly permissions?: string;
  }[];
}

function steps({ bootcmd = [], runcmd = [], write_files = [] }: Config): string {
  const files = write_files.flatMap(({ path, content = "", permissions = "0644" }) => [
    `mkdir -p "$(dirname ${quoted(path)})"`,
    put(content, quoted(path)),
    `chmod ${quoted(permissions)} ${quoted(path)}`,
  ]);
  const command = (one: string | readonly string[]) =>
    typeof one === "string" ? one : one.map(quoted).join(" ");
  return ["set -e", ...bootcmd.map(command), ...files, ...runcmd.map(command), ""].join("\n");
}

function put(text: string, path: string): string {
  return `printf %s ${Buffer.from(text).toString("base64")} | base64 -d >${path}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
