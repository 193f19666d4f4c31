import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { parse, stringify } from "yaml";
import { localFleet, secretsFor } from "./support/fleets.ts";
import { makeProject, must, type Project } from "./support/project.ts";

const layout = { hosts: ["hub"], agents: { hub: ["iris", "loom"] } };

let project: Project;

const onHub = (script: string) => project.onHost("hub", script);
const up = (exitCode = 0) => must(project.pulumi(["up", "--yes", "--skip-preview"]), exitCode);
const git = (...args: readonly string[]) =>
  execFileSync(
    "git",
    ["-C", join(project.dir, "code"), "-c", "user.name=arc", "-c", "user.email=arc@example.org", ...args],
    {
      encoding: "utf8",
    },
  ).trim();
const pidOf = (agent: string) => onHub(`systemctl show -P MainPID muster-agent-${agent}.service`);

/** Runs a command as the program of iris would run it: in the sandbox of its unit. */
const asIris = (command: string) =>
  onHub(`pid=$(systemctl show -P MainPID muster-agent-iris.service)
    nsenter -t $pid -m setpriv --reuid iris --regid arc --clear-groups --no-new-privs sh -c '${command}' 2>&1; echo "exit $?"`);

/** Commits files to the repository on the operator's machine. @returns the commit */
function commit(files: Readonly<Record<string, string>>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(project.dir, "code", path, ".."), { recursive: true });
    writeFileSync(join(project.dir, "code", path), text);
  }
  git("add", "-A");
  git("commit", "-qm", "a change");
  return git("rev-parse", "HEAD");
}

/** Returns a fleet in which iris runs a program of its checkout, and has its SOUL.md in the checkout. */
function fleetYaml(more: object = {}): string {
  const fleet = parse(localFleet(layout)["fleet.yaml"] ?? "") as {
    agents: Record<string, object>;
    identities: Record<string, { files: Record<string, object> }>;
  };
  const repository = {
    from: "code",
    revision: "main",
    path: "code",
    restarts: { iris: ["run.sh", "src/**"] },
  };
  Object.assign(fleet.agents["iris"] ?? {}, { command: ["/bin/sh", "code/run.sh"], repository, ...more });
  const files = { "code/SOUL.md": { text: "# Iris\n" }, "code/notes.md": { text: "start\n", write: "once" } };
  Object.assign(fleet.identities["iris"]?.files ?? {}, files);
  return stringify({ ...fleet, recurrence: { within: "1d", recordWriters: true } });
}

beforeAll(async () => {
  project = await makeProject(localFleet(layout), secretsFor(layout));
  mkdirSync(join(project.dir, "code"));
  git("init", "-q", "-b", "main");
  commit({
    "run.sh": "exec sh ~/agent.sh\n",
    "src/main.ts": "one\n",
    "docs/a.md": "a\n",
    ".gitignore": "*.md\n",
  });
  git("add", "-f", "docs/a.md");
  git("commit", "-qm", "docs");
  project.write("fleet.yaml", fleetYaml());
  await up();
});

afterAll(() => project?.dispose());

test("`up` makes the checkout, and the next preview reports nothing", async () => {
  expect(await onHub("cat /home/iris/code/src/main.ts /home/iris/code/SOUL.md")).toBe("one\n# Iris");
  expect(await onHub("stat -c %U /home/iris/code/.git/index")).toBe("iris");
  await must(project.fleet(["drift"]), 0);
});

test("`up` applies a new revision, and restarts only an agent that uses a changed file", async () => {
  const before = [await pidOf("iris"), await pidOf("loom")];
  writeFileSync(join(project.dir, "code/docs/a.md"), "b\n");
  git("commit", "-qam", "docs only");
  expect((await must(project.fleet(["drift"]), 0)).stdout).toMatch(
    /iris +repository +revision .*fleet\.yaml has changed/,
  );
  await up();
  expect(await onHub("cat /home/iris/code/docs/a.md")).toBe("b");
  expect([await pidOf("iris"), await pidOf("loom")]).toEqual(before);
  commit({ "src/main.ts": "two\n" });
  await up();
  expect(await onHub("cat /home/iris/code/src/main.ts")).toBe("two");
  expect(await pidOf("loom")).toBe(before[1]);
  expect(await pidOf("iris")).not.toBe(before[0]);
});

test("an agent's self-sync restores its identity and its checkout, and keeps its local work", async () => {
  const revision = git("rev-parse", "HEAD");
  await onHub(`cd /home/iris/code && runuser -u iris -- sh -c '
    echo I am Arc. | tee SOUL.md >SOUL.md.backup; echo learned >notes.md; echo mine >src/main.ts
    git config core.fsmonitor "touch /tmp/ran; true"; git config core.hooksPath /home/iris'`);
  const answer = await asIris("muster self-sync");
  expect(answer).toMatch(
    new RegExp(`"revision":"${revision}".*"repaired":.*SOUL\\.md\\.content.*exit 0$`, "s"),
  );
  const [, branch = ""] = /"keptOn":"([^"]+)"/.exec(answer) ?? [];
  expect(
    await onHub(`cd /home/iris/code && cat SOUL.md notes.md src/main.ts
    runuser -u iris -- git -c core.fsmonitor= show ${branch}:src/main.ts; ls /tmp/ran 2>&1 || true`),
  ).toMatch(/^# Iris\nlearned\ntwo\nmine\nls: .*No such file/);
  expect((await must(project.fleet(["history", "iris", "--drift"]), 0)).stdout).toContain("SOUL.md");
  await must(project.fleet(["drift"]), 0);
});

test("only the agent's own user can request its self-sync", async () => {
  expect(await onHub("runuser -u loom -- muster self-sync --agent iris 2>&1; echo $?")).toMatch(
    /the user loom has no such agent.*1$/s,
  );
});

test("a revision with which the agent does not run is rolled back", async () => {
  const good = git("rev-parse", "HEAD");
  const bad = commit({ "run.sh": "exit 1\n" });
  const { all } = await up(1);
  expect(all).toContain(`is back at ${good.slice(0, 12)}`);
  expect(await onHub("cat /home/iris/code/run.sh; systemctl is-active muster-agent-iris.service")).toBe(
    "exec sh ~/agent.sh\nactive",
  );
  expect((await must(project.fleet(["history", "iris"]), 0)).stdout).toContain(bad.slice(0, 12));
  git("reset", "-q", "--hard", good);
  await up();
  await must(project.fleet(["drift"]), 0);
});

test("an identity file that the repository tracks is refused, with the command that untracks it", async () => {
  git("commit", "-q", "--allow-empty", "-m", "x");
  writeFileSync(join(project.dir, "code/SOUL.md"), "# Arc\n");
  git("add", "-f", "SOUL.md");
  git("commit", "-qm", "tracked");
  const { all } = await must(project.fleet(["validate"]), 2);
  expect(all).toMatch(/agents\.iris\.repository: tracks SOUL\.md.*git -C code rm --cached SOUL\.md/);
  git("reset", "-q", "--hard", "HEAD~1");
});

test("a host fetches a full commit from a URL, and repairs the checkout while the URL is unreachable", async () => {
  const revision = await onHub(`mkdir -p /srv/git && git init -q -b main /srv/git/code && cd /srv/git/code
    printf 'exec sh ~/agent.sh\\n' >run.sh && echo remote >x.ts && git add -A
    git -c user.name=a -c user.email=a@example.org commit -qm x
    systemd-run -q --unit git-daemon git daemon --base-path=/srv/git --export-all --listen=127.0.0.1
    git rev-parse HEAD`);
  const repository = { from: "git://127.0.0.1/code", revision, path: "code" };
  project.write("fleet.yaml", fleetYaml({ repository }));
  await vi.waitFor(() => onHub("git ls-remote git://127.0.0.1/code"), { timeout: 20_000, interval: 500 });
  await up();
  await onHub("systemctl stop git-daemon; runuser -u iris -- sh -c 'echo x >/home/iris/code/x.ts'");
  expect(await onHub("muster self-sync --agent iris")).toContain(`"revision":"${revision}"`);
  expect(
    await onHub("cat /home/iris/code/x.ts; runuser -u iris -- git -C /home/iris/code remote -v"),
  ).toMatch(/^remote\norigin\tgit:\/\/127\.0\.0\.1\/code/);
  await must(project.fleet(["drift"]), 0);
});

test("the finding about a repeated repair names the probable writer, and why the kernel has not reported it", async () => {
  await onHub(`cat >/etc/systemd/system/fleet-self-sync.service <<'END'
[Service]
Type=oneshot
User=iris
ExecStart=/bin/sh -c 'echo I am Arc. >>/home/iris/SOUL.md'
END
    systemctl is-active muster-writers.service`);
  for (const _ of [1, 2, 3]) {
    await onHub("systemctl start fleet-self-sync.service");
    await up();
  }
  const { all } = await project.pulumi(["preview"]);
  // The kernel reports no events of the overlay file system of local hosts to fatrace.
  expect(all).toMatch(
    /iris: SOUL\.md: content has been repaired 3 times .*probable writer.*fleet-self-sync\.service.*The writer was not recorded: fatrace: .*Operation not supported/,
  );
});
