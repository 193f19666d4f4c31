import { AGENT, literal, type Planted, type Ways } from "./planted.ts";
import { quoted, unitWritten } from "./shell.ts";

const UNITS = "/etc/systemd/system";

/**
 * The ways to run or schedule a user's program that fleet.yaml cannot declare as a system service. The import lists the
 * program, or declares an agent with a former user service or tmux session.
 */
export const LISTED_WAYS: Ways<Planted> = {
  "Type=forking": ({ name }) =>
    serviceListed(name, "its Type=forking", [
      "Type=forking",
      `ExecStart=/bin/sh -c "setsid ${AGENT} & sleep 0.2"`,
    ]),
  "Type=oneshot": ({ name }) =>
    serviceListed(name, "its Type=oneshot", [
      ...["Type=oneshot", "RemainAfterExit=yes"],
      `ExecStart=/bin/sh -c "setsid ${AGENT} & sleep 0.2"`,
    ]),
  "a variable in its command": ({ name }) =>
    serviceListed(name, "its command .* is not a single command of plain words", [
      "Environment=PART=part",
      `ExecStart=${AGENT} \${PART} $PART`,
    ]),
  "a prefix of its command": ({ name }) =>
    serviceListed(name, "its command .* has a prefix that fleet.yaml cannot express", [
      `ExecStart=+/bin/sh -c "exec setpriv --reuid=${name} --clear-groups ${AGENT}"`,
    ]),
  "a timer": ({ name }) => ({
    plant: `${unitWritten(`${UNITS}/${name}-nightly.service`, [`User=${name}`, "Type=oneshot", "ExecStart=/bin/true"])}
      ${unitWritten(`${UNITS}/${name}-nightly.timer`, [], { Timer: ["OnCalendar=2020-01-01"] })}`,
    start: `systemctl start ${name}-nightly.timer`,
    listed: [new RegExp(`^${name}-nightly\\.service of user ${name}: ${name}-nightly\\.timer starts it\\.`)],
  }),
  "a path unit": ({ name }) => ({
    plant: `${unitWritten(`${UNITS}/${name}-when.service`, [`User=${name}`, `ExecStart=${AGENT}`])}
      ${unitWritten(`${UNITS}/${name}-when.path`, [], { Path: ["PathExists=/nowhere"] })}`,
    start: `systemctl start ${name}-when.path`,
    listed: [
      new RegExp(`^${name}-when\\.service of user ${name}: ${name}-when\\.path starts it when it is needed`),
    ],
  }),
  "systemd-run": ({ name }) => ({
    plant: ":",
    start: `systemd-run --quiet --uid=${name} --unit=${name}-run ${AGENT}`,
    listed: [new RegExp(`^${name}-run\\.service of user ${name}: systemd-run started it`)],
  }),
  "a scope": ({ name }) => ({
    plant: ":",
    start: `setsid systemd-run --quiet --scope --uid=${name} --unit=${name}-scope ${AGENT} >/dev/null 2>&1 </dev/null &`,
    listed: [new RegExp(`^agent of ${name} in ${name}-scope\\.scope`)],
  }),
  "systemd --user": ({ name, home }) => ({
    plant: `install -d -o ${name} -g $(id -g ${name}) ${home}/.config ${home}/.config/systemd ${home}/.config/systemd/user
      ${unitWritten(`${home}/.config/systemd/user/gateway.service`, [`ExecStart=${AGENT} gateway`], { Install: ["WantedBy=default.target"] })}
      loginctl enable-linger ${name}`,
    start: `i=0; until runuser -u ${name} -- env XDG_RUNTIME_DIR=/run/user/$(id -u ${name}) systemctl --user enable -q --now gateway 2>/dev/null; do
        [ $((i+=1)) -lt 30 ]; sleep 1; done`,
    elsewhere: [`gateway.service of ${name}`],
    keepsUser: true,
  }),
  nohup: ({ name }) => ({
    plant: ":",
    start: `runuser -u ${name} -- sh -c 'setsid nohup ${AGENT} >/dev/null 2>&1 </dev/null &'`,
    listed: [new RegExp(`^agent of ${name} \\(process \\d+\\): no service started it`)],
  }),
  "a tmux of its own": ({ name }) => ({
    plant: ":",
    start: `for session in one two; do runuser -u ${name} -- tmux new-session -d -s $session ${AGENT}; done`,
    elsewhere: [`one of ${name}`, `two of ${name}`],
  }),
  "a crontab": ({ name }) => ({
    plant: crontab(name, "0 4 1 1 * /opt/nightly\n# comment\nMAILTO=x\n@yearly true\n"),
    listed: [new RegExp(`^the crontab of ${name}, with 2 jobs\\.`)],
  }),
  "a job of at": ({ name }) => ({
    plant: atJob(name),
    listed: [new RegExp(`^jobs of at\\(1\\) of ${name}$`)],
  }),
  nothing: ({ name }) => ({
    plant: ":",
    listed: [new RegExp(`^user ${name}: no service runs as it`)],
  }),
};

/** Returns a service that the import declares as an agent with a new user. */
export function elsewhereService(name: string): Planted {
  const { plant, start = ":" } = serviceListed(name, "", [`ExecStart=${AGENT}`]);
  return { plant, start, elsewhere: [`${unitOf(name)}.service of ${name}`] };
}

export function crontab(name: string, text: string): string {
  return `mkdir -p /var/spool/cron/crontabs; printf %s ${quoted(text)} >/var/spool/cron/crontabs/${name}
    chown ${name} /var/spool/cron/crontabs/${name}; chmod 600 /var/spool/cron/crontabs/${name}`;
}

/** Returns a script that creates a job of at(1) that is due in many years. */
export function atJob(name: string): string {
  const file = `/var/spool/cron/atjobs/a$(printf %05x $(id -u ${name}))0fffffff`;
  return `mkdir -p /var/spool/cron/atjobs; printf '#!/bin/sh\\ntrue\\n' >${file}; chmod 700 ${file}; chown ${name} ${file}`;
}

function serviceListed(name: string, why: string, lines: readonly string[]): Planted {
  const unit = unitOf(name);
  return {
    plant: unitWritten(`${UNITS}/${unit}.service`, [`User=${name}`, ...lines], {
      Install: ["WantedBy=multi-user.target"],
    }),
    start: `systemctl enable -q --now ${unit}`,
    listed: [new RegExp(`^${unit}\\.service of user ${literal(name)}: ${why}`)],
  };
}

function unitOf(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, "-");
}
