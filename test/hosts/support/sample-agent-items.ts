import { digestOf } from "../../../src/model/digest.ts";
import { AS_DECLARED, type Contents, type Items } from "../../../src/model/items.ts";

export const UNIT = "muster-agent-iris.service";
export const UNIT_FILE = `/etc/systemd/system/${UNIT}`;
export const CREDENTIAL = "/var/lib/muster/credentials/iris/spark";
/** The start command of the unit. */
export const START =
  "ExecStart=/usr/bin/tmux -S /run/muster-iris/tmux -f /dev/null new-session -d -s iris -- /bin/sleep infinity";
export const UNIT_TEXT = `[Service]
Type=forking
RuntimeDirectory=muster-iris
User=iris
Group=arc
EnvironmentFile=${CREDENTIAL}
${START}
Restart=always
[Install]
WantedBy=multi-user.target
`;
const ROWS = JSON.stringify({ loom: { email: "loom@example.org" } });
export const contents: Contents = Object.fromEntries(
  [UNIT_TEXT, "# Iris\n", ROWS].map((text) => [digestOf(text), text]),
);

/** All items of one agent, and the agent's group. In a fleet, the group belongs to the agent's Tenant. */
export const items: Items = {
  group: { kind: "group", name: "arc", want: { present: true } },
  "identity:user iris": {
    kind: "user",
    name: "iris",
    want: { present: true, group: "arc", home: "/home/iris", shell: "/bin/bash" },
  },
  "identity:/home/iris": {
    kind: "directory",
    path: "/home/iris",
    onRemove: "aside",
    want: { type: "directory", ...own("0700") },
  },
  "identity:SOUL.md": {
    kind: "file",
    path: "/home/iris/SOUL.md",
    actor: "iris",
    want: { type: "file", content: digestOf("# Iris\n"), ...own("0600") },
  },
  "contacts:contacts.db": {
    kind: "rows",
    path: "/home/iris/contacts.db",
    actor: "iris",
    table: "contacts",
    want: { type: "file", rows: digestOf(ROWS), ...own("0600") },
  },
  "credentials:their folder": {
    kind: "directory",
    path: "/var/lib/muster/credentials/iris",
    want: { type: "directory", owner: "root", group: "arc", mode: "0710" },
  },
  "credentials:spark": {
    kind: "file",
    path: CREDENTIAL,
    secret: "config:spark",
    notify: UNIT,
    want: { type: "file", content: AS_DECLARED, ...own("0400") },
  },
  "unit:unit file": {
    kind: "file",
    path: UNIT_FILE,
    notify: UNIT,
    want: { type: "file", content: digestOf(UNIT_TEXT), owner: "root", group: "root", mode: "0644" },
  },
  "unit:unit": {
    kind: "unit",
    name: UNIT,
    want: { enabled: "enabled", active: "running", overrides: "none" },
  },
};

function own(mode: string) {
  return { owner: "iris", group: "arc", mode };
}
