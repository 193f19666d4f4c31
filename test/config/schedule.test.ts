import { chmodSync, existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { refusedTimes } from "../../src/config/lints/refused-schedule.ts";
import { broken, check, lines, useFolder, write } from "./support/folder.ts";

const folder = useFolder();
const SYSTEMD = "/usr/bin/systemd-analyze";

/** A fake `systemd-analyze` that prints the message of systemd 252. */
const DOUBLE = `#!/bin/sh
shift 2
for time; do case $time in *25:00*) echo "Failed to parse calendar specification '$time': Invalid argument" >&2; bad=1;; esac; done
exit \${bad:-0}
`;

test("the time of a job is refused if systemd refuses it, but is not checked on a machine without systemd", () => {
  write(folder.path, { double: DOUBLE });
  const program = join(folder.path, "double");
  chmodSync(program, 0o755);
  expect([...refusedTimes(["daily", "Mon 25:00"], program)]).toEqual(["Mon 25:00"]);
  expect(refusedTimes(["daily"], program).size).toBe(0);
  expect(refusedTimes(["Mon 25:00"], join(folder.path, "nowhere")).size).toBe(0);
});

test.runIf(existsSync(SYSTEMD))("a job with a time that systemd refuses is reported", () => {
  const job = "retro: {agent: iris, schedule: [daily, Mun 09:00], command: [/bin/true]}";
  expect(lines(check(folder, broken("tenants:", `jobs: {${job}}\ntenants:`)).problems)).toEqual([
    'fleet.yaml:7:29 jobs.retro.schedule: "Mun 09:00" is not a time that systemd accepts: ' +
      "check it with `systemd-analyze calendar`, and see systemd.time(7)",
  ]);
});

test("an agent's job has the agent's host and folder, and a host's job has a PATH and a private /tmp", () => {
  const jobs =
    "retro: {agent: iris, schedule: daily, command: [x], env: {A: b}, onFailure: {retries: 2}}\n" +
    "  tidy: {host: east, schedule: [daily, weekly], command: [x], timeout: 30m}";
  const { fleet } = check(folder, broken("tenants:", `jobs:\n  ${jobs}\ntenants:`));
  expect(fleet?.jobs["retro"]).toEqual({
    ...{
      name: "retro",
      host: "hub",
      agent: "iris",
      schedule: ["daily"],
      command: ["x"],
      workdir: "/home/iris",
    },
    ...{ env: { A: "b" }, timeout: 3600, overlap: "skip", catchUp: false, retry: { retries: 2, after: 300 } },
  });
  expect(fleet?.jobs["tidy"]).toMatchObject({ host: "east", workdir: "/tmp", timeout: 1800 });
  expect(fleet?.jobs["tidy"]?.env["PATH"]).toContain("/usr/bin");
});
