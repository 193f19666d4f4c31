import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loginObstacles } from "../../src/host/accounts/login-obstacles.ts";
import { runProgram } from "../../src/host/system/run-program.ts";
import { IRIS, makeWorld } from "./world.ts";

const GATE = { name: "muster-read-ops", uid: 900, gid: 900, home: "/srv/gate", shell: "/bin/sh" };
const OPEN = "usepam yes\npubkeyauthentication yes\nauthorizedkeysfile .ssh/authorized_keys\n";

/**
 * Returns the reasons why the gate's user cannot log in, if sshd prints these settings for this user and `shadow` has
 * these fields.
 */
function obstacles(settings: string, fields = "*:19700::::::"): string[] {
  const world = makeWorld([], (program, args, options) =>
    program === "sshd" ? { status: 0, stdout: settings, stderr: "" } : runProgram(program, args, options),
  );
  writeFileSync(join(world.dir, "etc/shadow"), `root:*:19700::::::\n${GATE.name}:${fields}\n`);
  return loginObstacles(world.host, GATE, "gates");
}

describe("the account of a gate", () => {
  test("can log in with the settings of a new host", () => {
    expect(obstacles(OPEN)).toEqual([]);
  });

  test.each([
    ["allowusers deploy@10.0.0.1\nallowusers ops", ["AllowUsers does not name it"]],
    ["allowusers muster-*", []],
    ["allowgroups wheel", ["AllowGroups names none of its groups"]],
    ["allowgroups gate?", []],
    ["denyusers muster-read-*", ["DenyUsers names it"]],
    ["denygroups gates", ["DenyGroups names one of its groups"]],
    ["authenticationmethods publickey,password", ["AuthenticationMethods needs more than a key"]],
  ])("is checked against the settings that sshd reports for it: %s", (line, expected) => {
    expect(obstacles(`${OPEN}${line}\n`)).toEqual(expected);
  });

  test("is observed with a warning that says why it cannot log in, and an agent's user gets no such warning", () => {
    const { uid, gid } = IRIS;
    const people = ["muster-read-ops", "iris"].map((name) => ({ name, uid, gid }));
    const world = makeWorld(people, (program, args, options) =>
      program === "sshd"
        ? {
            status: 0,
            stdout: `${OPEN}pubkeyauthentication no\n`.replace("authentication yes", "authentication no"),
            stderr: "",
          }
        : runProgram(program, args, options),
    );
    const want = { present: true, group: "gates", home: "/srv/gate", shell: "/bin/sh" } as const;
    const items = Object.fromEntries(people.map(({ name }) => [name, { kind: "user", name, want } as const]));
    const { observed } = world.observe(items);
    expect(observed["muster-read-ops"]).toMatchObject({
      warning: expect.stringContaining(
        "muster-read-ops cannot log in with its key: PubkeyAuthentication is no",
      ),
    });
    expect(observed["iris"]).not.toHaveProperty("warning");
  });

  test("can log in only if sshd reads its own key file", () => {
    const elsewhere = OPEN.replace(".ssh/authorized_keys", "/etc/ssh/keys/%u");
    expect(obstacles(elsewhere)).toEqual([
      "AuthorizedKeysFile is /etc/ssh/keys/%u, so sshd does not read /srv/gate/.ssh/authorized_keys",
    ]);
    expect(obstacles(OPEN.replace(".ssh/authorized_keys", "none %h/.ssh/authorized_keys"))).toEqual([]);
    expect(obstacles(OPEN.replace("pubkeyauthentication yes", "pubkeyauthentication no"))).toEqual([
      "PubkeyAuthentication is no",
    ]);
  });

  test("cannot log in if it is locked or has expired", () => {
    expect(obstacles(OPEN.replace("usepam yes", "usepam no"), "!:19700::::::")).toEqual([
      "the account is locked",
    ]);
    expect(obstacles(OPEN, "!:19700::::::")).toEqual([]);
    expect(obstacles(OPEN, "*:19700:::::100:")).toEqual(["the account has expired"]);
    expect(obstacles(OPEN, "*:0::::::")).toEqual(["the account must change its password first"]);
  });
});
