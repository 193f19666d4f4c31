import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { USER_DATA } from "../../src/host-kinds/droplet/resources/droplet.ts";
import { setupScript, WAIT_FOR_CLOUD_INIT } from "../../src/host-kinds/droplet/resources/run-once-script.ts";
import type { SetupStep } from "../../src/host-kinds/droplet/spec.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "muster-setup-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
});

function run(step: Partial<SetupStep>) {
  const complete: SetupStep = { name: "note", run: "true", triggers: [], timeout: 60, ...step };
  const script = setupScript(complete)
    .replaceAll("/var/lib/muster-setup", dir)
    .replaceAll("/var/log/muster-setup", dir);
  const { status, stdout, stderr } = spawnSync("/bin/sh", ["-s"], { input: script, encoding: "utf8" });
  return { status, stdout, stderr: stderr.replaceAll(dir, "LOGS") };
}

const done = (stdout: string) => ({ status: 0, stdout: `${stdout}\n`, stderr: "" });

test("a setup step runs once on a machine, and runs again if its script or a trigger changes", () => {
  const step = { run: `echo x >>${dir}/count` };
  expect(run(step)).toEqual(done("done"));
  expect(run(step)).toEqual(done("done before"));
  expect(run({ ...step, timeout: 5 })).toEqual(done("done before"));
  expect(run({ ...step, triggers: ["2"] })).toEqual(done("done"));
  expect(readFileSync(join(dir, "count"), "utf8")).toBe("x\nx\n");
});

test("a setup step with several lines stops at the first command that fails", () => {
  const lines = (second: string) =>
    `for n in 1 2; do\n\techo $n >>${dir}/lines\ndone\n${second}\necho last >>${dir}/lines\n`;
  expect(run({ run: lines("true") })).toEqual(done("done"));
  expect(readFileSync(join(dir, "lines"), "utf8")).toBe("1\n2\nlast\n");
  expect(run({ run: lines("false") }).stderr).toMatch(/^note failed with 1/);
  expect(readFileSync(join(dir, "lines"), "utf8")).toBe("1\n2\nlast\n1\n2\n");
});

test("a setup step is skipped if the command in its `unless` succeeds", () => {
  expect(run({ run: "exit 9", unless: "test 1 = 1" })).toEqual(done("nothing to do"));
  expect(run({ run: "exit 8", unless: "false" }).status).toBe(1);
});

test("a setup step's output is kept on the host, where only root can read it", () => {
  const failed = run({ run: "echo canary; echo canary >&2; exit 3" });
  expect(failed).toEqual({
    status: 1,
    stdout: "",
    stderr: "note failed with 3; what it said is in LOGS/note.log\n",
  });
  expect(readFileSync(join(dir, "note.log"), "utf8")).toBe("canary\ncanary\n");
  expect(statSync(join(dir, "note.log")).mode & 0o077).toBe(0);
  expect(run({ run: "echo canary" })).toEqual(done("done"));
});

test("a setup step is stopped after its timeout, and runs again after a failure", () => {
  expect(run({ run: "sleep 30", timeout: 1 }).stderr).toBe(
    "note was ended after 1 s; what it said is in LOGS/note.log\n",
  );
  expect(run({ run: "sleep 0", timeout: 1 })).toEqual(done("done"));
});

test("a setup step's script can contain quotes, dollar signs and here-document delimiters", () => {
  const run1 = { run: `printf '%s' "$HOME'\\\`" '\nEND_RUN\nEOF\n' >${dir}/said\n` };
  expect(run(run1)).toEqual(done("done"));
  expect(readFileSync(join(dir, "said"), "utf8")).toBe(`${process.env["HOME"]}'\`\nEND_RUN\nEOF\n`);
});

test("a setup step does not wait for cloud-init if the host has none", () => {
  const { status } = spawnSync("/bin/sh", ["-s"], { input: WAIT_FOR_CLOUD_INIT, env: { PATH: "/nowhere" } });
  expect(status).toBe(0);
});

test("the user data of droplets never changes, because a change would replace existing droplets", () => {
  expect(USER_DATA).toBe("#cloud-config\nssh_pwauth: false\n");
});
