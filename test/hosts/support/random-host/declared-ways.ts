import type { Draw } from "../random.ts";
import { AGENT, literal, type Person, type PlantedAgent, type Ways } from "./planted.ts";
import { quoted, unitWritten, written } from "./shell.ts";

const UNITS = "/etc/systemd/system";
const AT_BOOT = { Install: ["WantedBy=multi-user.target"] };

/** The ways in which a service that becomes an agent can run. */
export const DECLARED_WAYS: Ways<PlantedAgent> = {
  "a unit in /etc": ({ name }, draw) => {
    const settings = draw.pick([[], ["UMask=0027"], ["Restart=on-failure", "UMask=0077"]]);
    const dropped = settings.map((line) => line.replace(/=.*/, "="));
    return {
      ...service(name, [`User=${name}`, `ExecStart=${AGENT} ${name}`, "WorkingDirectory=~", ...settings]),
      declared: { command: [AGENT, name], workdir: `/home/${name}` },
      listed:
        dropped.length === 0
          ? []
          : [new RegExp(`^${name}\\.service: Muster's unit does not have its ${dropped.join(", ")}$`)],
    };
  },
  "a unit in /run": ({ name }, draw) => ({
    unit: `${name}.service`,
    plant: unitWritten(
      `/run/systemd/system/${name}.service`,
      [`User=${name}`, `ExecStart=${AGENT} run`],
      AT_BOOT,
    ),
    start: `${draw.pick([`systemctl enable -q --runtime ${name}`, `systemctl enable -q ${name}`, ":"])}; systemctl start ${name}`,
    declared: { command: [AGENT, "run"], workdir: "/" },
  }),
  "drop-ins with resets": ({ name }, draw) => {
    const dir = draw.pick([UNITS, "/run/systemd/system"]);
    const old = ["User=nobody", "ExecStart=/bin/false", "Environment=OLD=1", "WorkingDirectory=/nowhere"];
    const reset = ["ExecStart=", `ExecStart = ${AGENT} \\`, "# a comment", "  --port 7 $$HOME 100%%"];
    return {
      unit: `${name}.service`,
      plant: `${unitWritten(`${UNITS}/${name}.service`, old, AT_BOOT)}
        mkdir -p ${dir}/${name}.service.d
        ${unitWritten(`${dir}/${name}.service.d/10-user.conf`, [`User=${name}`, "WorkingDirectory="])}
        ${unitWritten(`${dir}/${name}.service.d/20-start.conf`, [...reset, "Environment=", "Environment=NEW=2 LANG=C.UTF-8"])}`,
      start: `systemctl enable -q --now ${name}`,
      declared: { command: [AGENT, "--port", "7", "$HOME", "100%"], env: { LANG: "C.UTF-8" } },
    };
  },
  "a template": ({ name }, draw) => ({
    unit: `bot-${name}@${name}.service`,
    plant: `${unitWritten(`${UNITS}/bot-${name}@.service`, ["User=%i", "WorkingDirectory=~", `ExecStart=${AGENT} %i`], AT_BOOT)}
      mkdir -p ${UNITS}/bot-${name}@.service.d
      ${unitWritten(`${UNITS}/bot-${name}@.service.d/o.conf`, ["Environment=WHO=%i"])}`,
    start: `${draw.pick(["systemctl enable -q", ":"])} bot-${name}@${name}; systemctl start bot-${name}@${name}`,
    declared: { command: [AGENT, name] },
  }),
  "a linked unit": ({ name }, draw) => ({
    unit: `${name}.service`,
    plant: `mkdir -p /opt/units/${name}
      ${unitWritten(`/opt/units/${name}/${name}.service`, [`User=${name}`, `ExecStart=${AGENT} linked`], AT_BOOT)}`,
    start: `systemctl ${draw.pick(["link", "enable"])} -q /opt/units/${name}/${name}.service; systemctl start ${name}`,
    declared: { command: [AGENT, "linked"] },
  }),
  "a number as its user": ({ name }) => ({
    unit: `${name}.service`,
    plant: `number=$(id -u ${name})
      printf '[Service]\\nUser=%s\\nGroup=%s\\nExecStart=%s\\n[Install]\\nWantedBy=multi-user.target\\n' "$number" "$(id -g ${name})" ${AGENT} >${UNITS}/${name}.service`,
    start: `systemctl enable -q --now ${name}`,
    declared: { command: [AGENT] },
  }),
  "a tmux": ({ name }) => ({
    ...service(name, [
      ...[`User=${name}`, "Type=forking"],
      `ExecStart=/usr/bin/tmux -L ${name} new-session -d -s ${name} -e MODE=real -c /srv ${AGENT} --port 7`,
    ]),
    declared: { command: [AGENT, "--port", "7"], workdir: "/srv" },
  }),
  "environment files": environmentFiles,
  "limits and a type": ({ name }, draw) => ({
    ...service(name, [
      ...[`User=${name}`, `Type=${draw.pick(["exec", "idle", "simple"])}`, `ExecStart=-${AGENT} limited`],
      ...["MemoryMax=512M", "CPUQuota=150%", "TasksMax=200"],
    ]),
    declared: { limits: { memory: "512M", cpu: 1.5, tasks: 200 } },
  }),
  "secrets in its command": ({ name }) => ({
    ...service(name, [
      `User=${name}`,
      `Environment=SMTP_PASS=canary-${name} "PHRASE=two  words" 'QUOTE=it"s' PERCENT=100%%`,
      `ExecStart=${AGENT} --token canary-${name}-1 --api-key=canary-${name}-2 'it is; $$(id)' --port 7`,
    ]),
    ofCommand: { ARG_TOKEN: `canary-${name}-1`, ARG_API_KEY: `canary-${name}-2` },
  }),
  "an enabled service that is down": ({ name }) => ({
    ...service(name, [`User=${name}`, `ExecStart=${AGENT} down`]),
    start: `systemctl enable -q ${name}`,
    isDown: true,
    declared: { command: [AGENT, "down"], takeOver: "now" },
  }),
  "links by hand": ({ name }) => ({
    unit: `${name}.service`,
    plant: `${unitWritten(`${UNITS}/${name}.service`, [`User=${name}`, `ExecStart=${AGENT} hand`])}
      mkdir -p ${UNITS}/multi-user.target.wants; ln -s ../${name}.service ${UNITS}/multi-user.target.wants/${name}.service`,
    start: `systemctl start ${name}`,
    declared: { command: [AGENT, "hand"] },
  }),
  "an alias": ({ name }) => ({
    ...service(name, [`User=${name}`, `ExecStart=${AGENT} alias`], {
      Install: ["WantedBy=multi-user.target default.target", `Alias=also-${name}.service`],
    }),
    declared: { command: [AGENT, "alias"] },
    listed: [new RegExp(`^${name}\\.service: Muster's unit does not have its Alias=$`)],
  }),
  "two services": ({ name }) => {
    const { plant, start, unit } = service(name, [`User=${name}`, `ExecStart=${AGENT} first`]);
    return {
      unit,
      plant: `${plant}\n${unitWritten(`${UNITS}/${name}-second.service`, [`User=${name}`, `ExecStart=${AGENT} second`])}`,
      start: `${start}; systemctl start ${name}-second`,
      declared: { command: [AGENT, "first"] },
      elsewhere: [`${name}-second.service of ${name}`],
    };
  },
  "odd words": ({ name }) =>
    service(name, [
      `User=${name}`,
      `ExecStart=${AGENT} 'a b' 'it''s' * -n \\; ~ \\x41ü "say \\"x\\"" \\`,
      "  '$$HOME' $$(id) `id` last;",
    ]),
  "a folder of its own": ({ name }, draw) => {
    const dir = draw.pick([`/srv/projects/${name}`, `/home/${name}/work`, `/home/${name}/my work`]);
    return {
      unit: `${name}.service`,
      plant: `install -d -m ${draw.pick(["0755", "2775", "0700"])} -o ${name} -g $(id -g ${name}) ${quoted(dir)}
        ${unitWritten(`${UNITS}/${name}.service`, [`User=${name}`, `WorkingDirectory=${dir}`, `ExecStart=${AGENT} work`], AT_BOOT)}`,
      start: `systemctl enable -q --now ${name}`,
      declared: { workdir: dir },
    };
  },
};

function service(
  name: string,
  lines: readonly string[],
  sections: Readonly<Record<string, readonly string[]>> = AT_BOOT,
): PlantedAgent & { readonly start: string } {
  return {
    unit: `${name}.service`,
    plant: unitWritten(`${UNITS}/${name}.service`, lines, sections),
    start: `systemctl enable -q --now ${name}`,
  };
}

/** Lines of an environment file, each with the end of the sentence that the import prints about the line. */
const ASSIGNMENTS: readonly (readonly [line: string, listed?: string])[] = [
  ["PLAIN=plain"],
  ["SINGLE='it is \"quoted\" here'"],
  ['DOUBLE="a \\"b\\" \\$HOME `c` \\\\ d"'],
  ["BLANKS=  around   "],
  [" LEADING = blank"],
  ["EMPTY="],
  ["HASH=a#b ; c"],
  ["# COMMENTED=1"],
  ["; COMMENTED=2"],
  ["JOINED=one \\\ntwo"],
  [`MIXED='a'"b"c`],
  ["UNICODE=žluťoučký 🐎"],
  ["BACKSLASH=a\\\\b\\c"],
  ['LINES="line one\nline two"', "its variable LINES has several lines, and"],
  ["TWICE=1"],
  ["TWICE=2"],
  ["WINDOWS=ends\r"],
  ["PORT=18789"],
  ["TZ=Europe/Prague"],
  ["DATABASE_URL=postgres://u:canary@h/d?x=1&y=%20"],
  ["http_proxy=http://p:1"],
  ["HTTP_PROXY=http://p:2"],
  ["SAME_KEY=one-value-for-all-0123456789"],
  ["export EXPORTED=1", "systemd ignores the line of `export EXPORTED`, so no agent"],
  ["1BAD=1", "systemd ignores the line of a name that is not allowed, so no agent"],
];

function environmentFiles({ name }: Person, draw: Draw): PlantedAgent {
  const chosen = draw.shuffled(ASSIGNMENTS).slice(0, 6 + draw.below(ASSIGNMENTS.length - 6));
  const text = chosen.map(([line]) => line).join("\n") + draw.pick(["", "\n"]);
  const file = `/etc/agents/${name}.env`;
  const more = draw.pick([
    [`EnvironmentFile=${file}`],
    [`EnvironmentFile=-/etc/agents/${name}.e*`, `EnvironmentFile=-/etc/agents/none-${name}*.env`],
    [`Environment=PLAIN=before LATER=kept`, `EnvironmentFile=${file}`, "UnsetEnvironment=EMPTY PLAIN=plain"],
  ]);
  return {
    ...service(name, [`User=${name}`, ...more, `ExecStart=${AGENT} env`]),
    plant: `${written(file, text, draw.pick(["0600", "0640", "0644"]))}
      ${service(name, [`User=${name}`, ...more, `ExecStart=${AGENT} env`]).plant}`,
    declared: { command: [AGENT, "env"] },
    listed: chosen.flatMap(([, sentence]) =>
      sentence === undefined ? [] : [new RegExp(`^(${literal(file)}|${name}.service): ${literal(sentence)}`)],
    ),
  };
}
