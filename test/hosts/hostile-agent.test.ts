import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { localFleet, secretsFor } from "./support/fleets.ts";
import { startHostileProgram } from "./support/hostile-program.ts";
import { type CommandResult, makeProject, must, type Project } from "./support/project.ts";

const LAYOUT = { hosts: ["east"], agents: { east: ["iris", "loom"] } };
const UP = ["up", "--yes", "--skip-preview"];

/** The maximum duration of each command, in milliseconds. A command that takes longer counts as hanging. */
const DRIFT_BOUND = 30_000;
const UP_BOUND = 120_000;

const SEED = Number(process.env["MUSTER_SEED"] ?? randomBytes(3).readUIntBE(0, 3));

/** A value in files that do not belong to iris. No output is allowed to contain this value. */
const CANARY = `cnry${randomBytes(8).toString("hex")}`;

let project: Project;

beforeAll(async () => {
  console.log(`hostile: MUSTER_SEED=${SEED}`);
  const files = localFleet(LAYOUT);
  const fleet = parse(files["fleet.yaml"] ?? "") as { identities: Record<string, { files: object }> };
  const iris = fleet.identities["iris"] ?? { files: {} };
  iris.files = { ...iris.files, "bin/tool": { from: "agent.sh", mode: "0755" } };
  project = await makeProject({ ...files, "fleet.yaml": stringify(fleet) }, secretsFor(LAYOUT));
  await must(project.pulumi(UP));
  await onEast(`useradd --no-create-home ${CANARY}
    echo ${CANARY} > /root/canary
    echo ${CANARY} > /home/loom/canary && chown loom: /home/loom/canary`);
});

afterAll(() => project?.dispose());

describe("hostile files in an agent's home", () => {
  test("are reported without being read if they are devices, and `pulumi up` replaces them", async () => {
    await onEast("rm /home/iris/SOUL.md && mknod -m 0666 /home/iris/SOUL.md c 1 5");
    const drift = await must(project.fleet(["drift"], { timeout: DRIFT_BOUND }), 7);
    expect(drift.stdout).toMatch(/SOUL\.md.*type.*device/);
    await must(project.pulumi(UP, { timeout: UP_BOUND }));
    expect(await onEast("cat /home/iris/SOUL.md")).toBe("# iris\n\nI am iris.");
  });

  test("cannot redirect or block `fleet drift` and `pulumi up`, even if the agent replaces these files in a loop", async () => {
    const outside = await stateOutside();
    const digests = await digestsOutside();
    const aims = ["/etc/shadow", "/etc", "/root", "/root/canary", "/home/loom", "/home/loom/canary"];
    const stop = await startHostileProgram(project, "east", { user: "iris", group: "arc" }, SEED, aims);
    const results: CommandResult[] = [];
    for (let round = 0; round < 10; round++) {
      results.push(await project.fleet(["drift", "--json"], { timeout: DRIFT_BOUND }));
      if (round % 4 === 0) results.push(await project.pulumi([...UP, "--diff"], { timeout: UP_BOUND }));
    }
    await stop();
    for (const { exitCode, all } of results) {
      expect([0, 1, 7]).toContain(exitCode);
      for (const text of [CANARY, ...digests]) expect(all).not.toContain(text);
    }
    expect(results.some(({ exitCode }) => exitCode === 7)).toBe(true);
    expect(await stateOutside()).toBe(outside);
    // `up` refuses links, and a person removes them.
    await onEast("find /home/iris '(' -type l -o -links +1 ! -type d ')' -delete");
    await must(project.pulumi(UP));
    await must(project.fleet(["drift"]));
    expect(await onEast("su iris -s /bin/sh -c 'cat ~/SOUL.md ~/bin/tool'")).toContain("I am iris.");
    expect(await stateOutside()).toBe(outside);
  });
});

function onEast(script: string): Promise<string> {
  return project.onHost("east", script);
}

/** Returns a checksum of the names, contents, owners and modes of the files that iris has no right to change. */
function stateOutside(): Promise<string> {
  return onEast(`cd / && find etc root home/loom -xdev -print0 | sort -z | tee /run/names |
      xargs -0 stat -c '%n %F %U %G %a %s' | sed '/^home.loom directory/s/ [0-9]*$//' >/run/stats
    grep -zv '^$' /run/names | xargs -0 sh -c 'for f; do [ -f "$f" ] && [ ! -L "$f" ] && sha256sum "$f"; done; true' sh >/run/sums
    cat /run/stats /run/sums | sha256sum`);
}

/** Returns the digests of two files outside iris's home, in the form in which a finding would show them. */
async function digestsOutside(): Promise<string[]> {
  const shadow = await onEast("base64 -w0 /etc/shadow");
  return [Buffer.from(shadow, "base64"), Buffer.from(`${CANARY}\n`)].map((bytes) =>
    createHash("sha256").update(bytes).digest("hex"),
  );
}
