import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { channelArguments, sshArguments } from "../../src/transport/ssh-arguments.ts";
import { SOME_KEY, targetOf } from "../fixtures/target.ts";

/** Returns the configuration that ssh derives from the arguments, as lines of ssh_config. */
async function sshConfig(args: readonly string[]): Promise<string[]> {
  const { stdout } = await execa("ssh", ["-F", "none", "-G", ...args]);
  return stdout.split("\n");
}

const target = targetOf({ port: 2222, hostKeys: [SOME_KEY], identityFile: "/home/my user/100%d/key" });

describe("the configuration that ssh derives from the arguments", () => {
  test("accepts only the pinned host keys, under the host's name in fleet.yaml", async () => {
    const config = await sshConfig(sshArguments(target, "/tmp/a b/%h"));
    expect(config).toContain("stricthostkeychecking true");
    expect(config).toContain("userknownhostsfile /tmp/a b/%h");
    expect(config).toContain("globalknownhostsfile /dev/null");
    expect(config).toContain("hostkeyalias hub");
    expect(config).toContain("updatehostkeys false");
  });

  test("contains the declared login, even if paths have spaces and percent signs", async () => {
    const config = await sshConfig(sshArguments(target, "/tmp/known"));
    expect(config).toContain("user root");
    expect(config).toContain("hostname 127.0.0.1");
    expect(config).toContain("port 2222");
    expect(config).toContain("identityfile /home/my user/100%%d/key");
    expect(config).toContain("identitiesonly yes");
  });

  test("leaves undeclared settings to ssh_config", () => {
    const args = sshArguments({ ...targetOf(), name: "hub", address: "hub-alias" }, "/tmp/known");
    expect(args.join(" ")).not.toMatch(/Port=|IdentityFile=|IdentitiesOnly=/);
    const { user, ...anybody } = targetOf({ address: "hub-alias" });
    expect(user).toBe("root");
    expect(sshArguments(anybody, "/tmp/known").slice(-2)).toEqual(["--", "hub-alias"]);
  });

  test("disables prompts, forwarding and shared connections when a program connects", async () => {
    const config = await sshConfig(
      channelArguments(target, { knownHostsFile: "/tmp/known", learn: false, remoteCommand: "true" }),
    );
    for (const line of [
      "batchmode yes",
      "requesttty false",
      "forwardagent no",
      "forwardx11 no",
      "clearallforwardings yes",
      "controlmaster false",
      "serveraliveinterval 2",
      "serveralivecountmax 2",
      "stricthostkeychecking true",
    ]) {
      expect(config).toContain(line);
    }
  });

  test("accepts a new key on first contact, but never a changed key", async () => {
    const config = await sshConfig(
      channelArguments(targetOf(), { knownHostsFile: "/tmp/known", learn: true, remoteCommand: "true" }),
    );
    expect(config).toContain("stricthostkeychecking accept-new");
  });
});
