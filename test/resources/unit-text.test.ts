import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { SANDBOX_EXCEPTIONS } from "../../src/model/sandbox-exceptions.ts";
import { unitText } from "../../src/resources/unit-text.ts";
import { agent, fleetOf } from "../fixtures/fleet.ts";

describe("an agent's unit", () => {
  test("runs the declared command in its own tmux, as its own user", () => {
    const text = unitText(fleetOf(), agent({ command: ["/usr/bin/python3", "agent.py", "--loud"] }));
    expect(text).toContain("User=iris\n");
    expect(text).toContain(
      "ExecStart=/usr/bin/tmux -S /run/muster-iris/tmux -f /dev/null new-session -d -s iris " +
        "-x 200 -y 50 -- /usr/local/bin/muster-run /usr/bin/python3 agent.py --loud\n",
    );
  });

  test("keeps words with spaces, quotes, dollar signs and percent signs unchanged", () => {
    const text = unitText(fleetOf(), agent({ command: ["/bin/echo", 'a "b" $HOME 50%', "\\"] }));
    expect(text).toContain('/bin/echo "a \\"b\\" $$HOME 50%%" "\\\\"\n');
  });

  test.each([
    ["sleep 600;", '"sleep 600\\\\;"'],
    ["odd\\;", '"odd\\\\\\\\;"'],
    [";", '"\\\\;"'],
    ["a;b", '"a;b"'],
  ])(
    "escapes the semicolon at the end of the word %j, because tmux would end the command there",
    (word, written) => {
      const text = unitText(fleetOf(), agent({ command: ["/bin/echo", word, "x"] }));
      expect(text).toContain(`/bin/echo ${written} x\n`);
    },
  );

  test("reads secrets from files and contains no secret itself", () => {
    const text = unitText(fleetOf(), agent({ credentials: ["iris-key"] }));
    expect(text).toContain("EnvironmentFile=/var/lib/muster/credentials/iris/iris-key\n");
    expect(text).not.toContain("ANTHROPIC_API_KEY=");
  });

  test("pings systemd's watchdog only if fleet.yaml says so", () => {
    expect(unitText(fleetOf(), agent({ watchdog: 30 }))).toContain("WatchdogSec=30\n");
    expect(unitText(fleetOf(), agent({ watchdog: 0 }))).not.toContain("WatchdogSec");
  });

  test("names the agent's heartbeat file only if the agent sends its heartbeat by file", () => {
    const heartbeat = { by: "file", interval: 15, timeout: 60 } as const;
    expect(unitText(fleetOf(), agent({ heartbeat }))).toContain(
      'Environment="MUSTER_BEAT=/run/muster-iris/beat"\n',
    );
    expect(unitText(fleetOf(), agent())).not.toContain("MUSTER_BEAT");
  });

  test("sandboxes the agent, except for its working directory and its declared exceptions", () => {
    const text = unitText(fleetOf(), agent());
    expect(text).toContain("ProtectHome=tmpfs\nBindPaths=/home/iris\n");
    expect(text).not.toContain("ReadWritePaths");
    const other = unitText(fleetOf(), agent({ allow: ["devices", "writes"], workdir: '/srv/a "b" 5%' }));
    expect(other).toContain("ProtectSystem=full\n");
    expect(other).not.toContain("PrivateDevices");
    expect(other).toContain('ReadWritePaths="-/srv/a \\"b\\" 5%%"\n');
  });

  test("uses only sandbox exceptions that docs/isolation.md lists with their cost", () => {
    const page = readFileSync(join(import.meta.dirname, "../../docs/isolation.md"), "utf8");
    for (const [name, { may, price }] of Object.entries(SANDBOX_EXCEPTIONS)) {
      expect(page).toContain(`| \`${name}\` | ${may} | ${price > 0 ? `+${price}` : "0"} |`);
    }
  });

  test("is accepted by `systemd-analyze verify`", () => {
    const dir = mkdtempSync(join(tmpdir(), "muster-unit-"));
    try {
      const file = join(dir, "muster-agent-iris.service");
      writeFileSync(
        file,
        unitText(fleetOf(), agent({ user: "root", tenant: "root", home: "/root", workdir: "/root" })),
      );
      const output = execFileSync("systemd-analyze", ["verify", "--man=no", file], {
        stdio: "pipe",
      }).toString();
      expect(output).toBe("");
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
