import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { digestOf } from "../../src/model/digest.ts";
import type { Finding } from "../../src/model/drift-finding.ts";
import { RECORDS_DIR, RUNTIME_DIR } from "../../src/model/host-paths.ts";
import type { HostRecord } from "../../src/model/host-record.ts";
import { localFleet, secretsFor } from "./support/fleets.ts";
import { readStarts, startsScript } from "./support/host-facts.ts";
import { makeProject, must, type Project } from "./support/project.ts";

const layout = { hosts: ["hub"], agents: { hub: ["iris", "loom"] } };
const SOUL = "identities/iris.md";
const RECORD = "hub~iris~agent.json";
const SOUL_ITEM = "identity:SOUL.md";
const FAULTY = `#!/bin/sh
[ -t 0 ] || exit 1
if [ -e faulty ]; then exit 1; fi
while :; do systemd-notify WATCHDOG=1; sleep 1; done
`;

let project: Project;
let owner: string;

const onHub = (script: string) => project.onHost("hub", script);
const up = (exitCode = 0) => must(project.pulumi(["up", "--yes", "--skip-preview"]), exitCode);
const starts = async () => readStarts(await onHub(startsScript(layout.agents.hub)));

beforeAll(async () => {
  project = await makeProject({ ...patientFleet(), "agent.sh": FAULTY }, secretsFor(layout));
  await up();
  owner = await onHub(`ls ${RECORDS_DIR}`);
});

afterAll(() => project?.dispose());

/** Allows many restarts, so that a failing agent is not quarantined during the test. */
function patientFleet(): Record<string, string> {
  const files = localFleet(layout);
  const fleet = parse(files["fleet.yaml"] ?? "") as { agents: Record<string, object> };
  const agents = Object.entries(fleet.agents).map(([name, one]) => [
    name,
    { ...one, restarts: { most: 1000 } },
  ]);
  return { ...files, "fleet.yaml": stringify({ ...fleet, agents: Object.fromEntries(agents) }) };
}

/** Runs `drift` and returns one line for each finding: the difference and its cause. */
async function drift(exitCode: number): Promise<string[]> {
  const { stdout } = await must(project.fleet(["drift", "--json"]), exitCode);
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  return findings.map(({ agent, item, property, cause }) => `${agent} ${item}.${property}: ${cause}`);
}

describe("a difference that `fleet drift` reports", () => {
  test("counts as intended, and not as drift, if only fleet.yaml has changed", async () => {
    project.write(SOUL, "# Iris, the second\n");
    expect(await drift(0)).toEqual(["iris SOUL.md.content: intended"]);
  });

  test("has the cause `both` if fleet.yaml and the host have changed", async () => {
    await onHub("echo '# I am Arc' >/home/iris/SOUL.md");
    expect(await drift(7)).toEqual(["iris SOUL.md.content: both"]);
    await up();
    expect(await drift(0)).toEqual([]);
  });

  test("counts as drift if only the host has changed", async () => {
    await onHub("chmod 0666 /home/iris/SOUL.md");
    expect(await drift(7)).toEqual(["iris SOUL.md.mode: drift"]);
  });

  test("has the cause `unknown` if the record on the host is truncated, and `pulumi up` rewrites the record", async () => {
    await onHub(`truncate -s 20 ${RECORDS_DIR}/${owner}/${RECORD}`);
    // Without the record, drift also cannot determine whether a secret on the host is the applied secret.
    expect(await drift(7)).toEqual(["iris SOUL.md.mode: unknown", "iris iris-key.content: unknown"]);
    await up();
    await onHub("chmod 0666 /home/iris/SOUL.md");
    expect(await drift(7)).toEqual(["iris SOUL.md.mode: drift"]);
    await up();
  });

  test("does not count as drift if a killed run has written the new value to the host", async () => {
    const applied = project.read(SOUL);
    await asKilled("# Iris, the third\n");
    expect(await drift(0)).toEqual(["iris SOUL.md.content: intended"]);
    project.write(SOUL, "# Iris, the third\n");
    expect(await drift(0)).toEqual([]);
    project.write(SOUL, applied);
    await up();
    expect(await drift(0)).toEqual([]);
  });
});

/**
 * Puts the host in the state that a run leaves when it is killed after its first write: the record contains the
 * intended values.
 */
async function asKilled(text: string): Promise<void> {
  const file = `${RECORDS_DIR}/${owner}/${RECORD}`;
  const record = JSON.parse(await onHub(`cat ${file}`)) as HostRecord;
  const soul = { ...record.applied?.[SOUL_ITEM], content: digestOf(text) };
  const killed: HostRecord = { ...record, intended: { ...record.applied, [SOUL_ITEM]: soul } };
  await onHub(`cat >${file} <<'END'\n${JSON.stringify(killed)}\nEND`);
  await onHub(`cat >/home/iris/SOUL.md <<'END'\n${text}END`);
}

test("a failing agent that systemd keeps restarting causes no drift", async () => {
  await onHub("touch /home/loom/faulty; systemctl kill --signal=KILL muster-agent-loom");
  for (let round = 0; round < 5; round += 1) expect(await drift(0)).toEqual([]);
  // Between two restarts the unit is active for a moment.
  await expect
    .poll(() => onHub("systemctl show -p ActiveState muster-agent-loom"), { timeout: 20_000, interval: 100 })
    .toBe("ActiveState=activating");
  await must(project.pulumi(["preview", "--expect-no-changes"]));
  await onHub("rm /home/loom/faulty");
  await expect
    .poll(() => onHub("systemctl is-active muster-agent-loom || true"), { timeout: 30_000 })
    .toBe("active");
});

test("`fleet drift` reports a missing host runtime, and `pulumi up` restores the runtime without restarting any agent", async () => {
  const before = await starts();
  await onHub(`rm -r ${RUNTIME_DIR}/run ${RUNTIME_DIR}/bundle-*`);
  const { stdout } = await must(project.fleet(["drift"]), 7);
  expect(stdout).toContain("hub has nothing from this fleet yet");
  await must(project.pulumi(["preview", "--expect-no-changes"]), 7);
  await up();
  expect(await drift(0)).toEqual([]);
  expect(await starts()).toEqual(before);
});

test("`pulumi up` refuses to change a resource that belongs to another stack, and names that stack", async () => {
  const [ours, theirs] = [`${RECORDS_DIR}/${owner}`, `${RECORDS_DIR}/arc~theirs`];
  await onHub(`mkdir ${theirs}; sed 's#"owner":"[^"]*"#"owner":"arc/theirs"#' ${ours}/${RECORD} >${theirs}/${RECORD};
    mv ${ours}/${RECORD} /root/kept; echo theirs >/home/iris/SOUL.md`);
  const refused = await up(1);
  expect(refused.all).toContain("it belongs to the stack arc/theirs");
  expect(await onHub("cat /home/iris/SOUL.md")).toBe("theirs");
  await onHub(`rm -r ${theirs}; mv /root/kept ${ours}/${RECORD}`);
  await up();
  expect(await drift(0)).toEqual([]);
});
