import { RUNTIME_DIR } from "../../../../src/model/host-paths.ts";
import type {
  PackageItem,
  ProgramItem,
  RuntimeItem,
  TimerItem,
  UnitItem,
} from "../../../../src/model/items.ts";
import type { Form, Place } from "./form.ts";

export function unitForms({ item: { name } }: Place<UnitItem>): Form[] {
  const links = "/etc/systemd/system/multi-user.target.wants";
  const overrides = { properties: ["overrides"] };
  const dropIn = (root: string) =>
    `mkdir -p ${root}/${name}.d; printf '[Service]\\nCPUWeight=50\\n' >${root}/${name}.d/override.conf`;
  return [
    { name: "stopped", script: `systemctl stop ${name}`, properties: ["active"] },
    { name: "disabled", script: `systemctl disable -q ${name}`, properties: ["enabled"] },
    { name: "without its link", script: `rm ${links}/${name}`, properties: ["enabled"] },
    {
      name: "enabled until the next boot",
      script: `systemctl disable -q ${name}; systemctl enable -q --runtime ${name}`,
      properties: ["enabled"],
    },
    {
      name: "stopped and disabled",
      script: `systemctl disable -q --now ${name}`,
      properties: ["enabled", "active"],
    },
    { name: "overridden", script: `${dropIn("/etc/systemd/system")}; systemctl daemon-reload`, ...overrides },
    { name: "overridden at the next reload", script: dropIn("/etc/systemd/system"), ...overrides },
    { name: "overridden until the next boot", script: dropIn("/run/systemd/system"), ...overrides },
    { name: "with a property set", script: `systemctl set-property ${name} CPUWeight=50`, ...overrides },
  ];
}

export function timerForms({ item: { name, service } }: Place<TimerItem>): Form[] {
  const overrides = { properties: ["overrides"] };
  const dropIn = (unit: string) =>
    `mkdir -p /etc/systemd/system/${unit}.d; printf '[Unit]\\nDocumentation=man:x\\n' >/etc/systemd/system/${unit}.d/override.conf`;
  return [
    { name: "stopped", script: `systemctl stop ${name}`, properties: ["active"] },
    { name: "disabled", script: `systemctl disable -q ${name}`, properties: ["enabled"] },
    {
      name: "stopped and disabled",
      script: `systemctl disable -q --now ${name}`,
      properties: ["enabled", "active"],
    },
    { name: "overridden", script: `${dropIn(name)}; systemctl daemon-reload`, ...overrides },
    { name: "with its service overridden", script: dropIn(service), ...overrides },
  ];
}

/**
 * Returns the form that purges a package. `up` installs the package again from the mirror that this machine's apt uses.
 */
export function packageForms({ item: { name } }: Place<PackageItem>): Form[] {
  const script = `dpkg --purge --force-depends ${name} >/dev/null 2>&1`;
  return [{ name: "purged", script, properties: ["present"] }];
}

/**
 * Returns no forms, because the declared program is the shell, which other mutations need. runtimes.test.ts removes a
 * program.
 */
export function programForms(_: Place<ProgramItem>): Form[] {
  return [];
}

/** Returns the forms that replace the host runtime's bundle, or the Node that runs the bundle. */
export function runtimeForms(_: Place<RuntimeItem>): Form[] {
  const other = "bundle-0123456789abcdef";
  const older = 'Object.defineProperty(process.versions, "node", { value: "22.0.0" });';
  const inRun = (script: string) => `cd ${RUNTIME_DIR}; sed -i "${script}" run`;
  return [
    {
      name: "another bundle",
      script: `cd ${RUNTIME_DIR}; cp -a bundle-* ${other}; ${inRun(`s#bundle-[0-9a-f]*/host#${other}/host#`)}`,
      properties: ["bundle"],
    },
    {
      name: "another Node",
      script: `echo '${older}' >/root/older.cjs; ${inRun("s#--no-warnings#-r /root/older.cjs &#")}`,
      properties: ["node"],
    },
  ];
}
