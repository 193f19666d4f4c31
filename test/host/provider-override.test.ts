import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { describe, expect, test } from "vitest";
import { modelProps } from "../../src/host/kinds/language-model.ts";
import {
  failedOver,
  isOverrideLink,
  linkedOverride,
  linkOverride,
  loadedOverride,
} from "../../src/host/units/provider-override.ts";
import { agentUnit, choiceFile, choiceLink } from "../../src/model/host-paths.ts";
import type { ModelItem } from "../../src/model/items.ts";
import { makeAgentWorld, makeWorld } from "./world.ts";

const UNIT = agentUnit("iris");

/** Returns a host on which `up` has written provider drop-ins for iris and loom. */
function rig() {
  const { host } = makeWorld();
  const { units, hostd } = host.paths;
  for (const [agent, provider] of [
    ["iris", "google"],
    ["iris", "local"],
    ["loom", "google"],
  ] as const) {
    const file = choiceFile(agent, provider, hostd);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, "[Service]\n");
  }
  const folder = dirname(choiceLink(UNIT, "", units));
  const plant = (name: string, target: string) => {
    mkdirSync(folder, { recursive: true });
    symlinkSync(target, `${folder}/${name}`);
    return isOverrideLink(UNIT, `${folder}/${name}`, hostd);
  };
  return { host, folder, plant, linked: () => linkedOverride(host, UNIT) };
}

describe("the link to an agent's provider", () => {
  test("can be set, changed and removed", () => {
    const { host, folder, linked } = rig();
    expect(linked()).toBeUndefined();
    for (const provider of ["google", "local", "google"]) {
      linkOverride(host, UNIT, provider);
      expect(linked()).toBe(provider);
      expect(readdirSync(folder)).toEqual([`muster-provider-${provider}.conf`]);
    }
    expect(failedOver(host, UNIT)).toMatchObject({ provider: "google", since: expect.stringMatching(/Z$/) });
    linkOverride(host, UNIT, undefined);
    expect(linked()).toBeUndefined();
    expect(existsSync(folder)).toBe(false);
  });

  test("leaves other drop-ins unchanged", () => {
    const { host, folder } = rig();
    linkOverride(host, UNIT, "google");
    writeFileSync(`${folder}/override.conf`, "");
    linkOverride(host, UNIT, undefined);
    expect(readdirSync(folder)).toEqual(["override.conf"]);
  });

  test("is valid only if it points to a declared provider of the same agent", () => {
    const { host, folder, plant, linked } = rig();
    const { hostd } = host.paths;
    expect(plant("muster-provider-google.conf", choiceFile("loom", "google", hostd))).toBe(false);
    expect(plant("muster-provider-gone.conf", choiceFile("iris", "gone", hostd))).toBe(false);
    expect(plant("muster-provider-local.conf", choiceFile("iris", "google", hostd))).toBe(false);
    writeFileSync(`${folder}/muster-provider-own.conf`, "[Service]\n");
    expect(isOverrideLink(UNIT, `${folder}/muster-provider-own.conf`, hostd)).toBe(false);
    expect(linked()).toBeUndefined();
  });

  test("is recognized among the drop-ins that systemd has loaded", () => {
    const folder = `/etc/systemd/system/${UNIT}.d`;
    expect(loadedOverride(UNIT, "")).toBeUndefined();
    expect(loadedOverride(UNIT, `${folder}/muster-provider-google.conf ${folder}/x.conf`)).toBe("google");
    expect(loadedOverride(UNIT, "/etc/systemd/system/service.d/muster-provider-google.conf")).toBeUndefined();
  });
});

describe("the provider and model that systemd shows for an agent", () => {
  const item: ModelItem = {
    kind: "model",
    unit: UNIT,
    others: JSON.stringify({ google: { provider: "gemini", model: "gem" }, local: { provider: "ollama" } }),
    want: { provider: "nous", model: "large" },
  };
  const state = (environment: string, words = "agent.sh") => ({
    LoadState: "loaded",
    Environment: environment,
    ExecStart: `{ path=/usr/bin/tmux ; argv[]=/usr/bin/tmux -- /usr/bin/env ${words} ; ignore_errors=no ; pid=1 }`,
  });

  test.each([
    ["the first choice", "MUSTER_PROVIDER=nous MUSTER_MODEL=large", undefined, item.want],
    ["an active fallback", "MUSTER_MODEL=gem MUSTER_PROVIDER=gemini", "google", item.want],
    ["an active fallback without a model", "MUSTER_PROVIDER=ollama", "local", item.want],
    [
      "a fallback that is not active",
      "MUSTER_MODEL=gem MUSTER_PROVIDER=gemini",
      undefined,
      { provider: "gemini", model: "gem" },
    ],
    [
      "the first choice although a fallback is active",
      "MUSTER_PROVIDER=nous MUSTER_MODEL=large",
      "google",
      { provider: "nous", model: "large" },
    ],
    [
      "an undeclared model",
      'A=b "MUSTER_MODEL=ti \\"ny" MUSTER_PROVIDER=nous',
      undefined,
      { provider: "nous", model: 'ti "ny' },
    ],
    [
      "the name of a variable inside another value",
      'MUSTER_PROVIDER=nous "A=x MUSTER_MODEL=tiny" MUSTER_MODEL=large',
      undefined,
      item.want,
    ],
    ["no provider and no model", "XMUSTER_MODEL=large", undefined, { provider: "none", model: "none" }],
  ] as const)("are read correctly: %s", (_, environment, inForce, props) => {
    expect(modelProps(item, state(environment), inForce)).toEqual(props);
  });

  test("are read from the runtime's command-line option, if the runtime has such an option", () => {
    const environment = "MUSTER_PROVIDER=nous MUSTER_MODEL=large";
    const withOption = { ...item, option: "--model" };
    expect(modelProps(withOption, state(environment, "pi --model large --continue"))).toEqual(item.want);
    expect(modelProps(withOption, state(environment, "pi --model tiny"))).toMatchObject({ model: "tiny" });
  });

  test("are not reported as drift if the unit does not exist, because its absence is already reported", () => {
    expect(modelProps(item, { LoadState: "not-found" })).toEqual(item.want);
  });
});

describe("a change to a fallback provider's files", () => {
  /**
   * Returns a host that runs the agent iris, which uses the provider google if google is linked. All calls to systemctl
   * are recorded.
   */
  const running = () => {
    const calls: string[] = [];
    const shown = "LoadState=loaded\nActiveState=active\nSubState=running\nInvocationID=1\n";
    const world = makeAgentWorld((program, args) => {
      if (program === "systemctl" && args[0] !== "show") calls.push(args.slice(0, 2).join(" "));
      return { status: 0, stdout: program === "systemctl" ? shown : "", stderr: "" };
    });
    const { host } = world;
    const path = choiceFile("iris", "google", host.paths.hostd);
    const item = (text: string) => {
      const { actor: _, ...file } = world.file(path, text, { notify: UNIT });
      return { "unit:on google": { ...file, choice: "google" } };
    };
    return { world, calls, up: (text: string) => world.up(item(text)) };
  };

  test("does not restart an agent that runs on another provider", () => {
    const { calls, up } = running();
    up("[Service]\n");
    up("[Service]\nExecStart=\n");
    expect(calls).toEqual([]);
  });

  test("reloads systemd and restarts the agent if the agent runs on the changed provider", () => {
    const { world, calls, up } = running();
    up("[Service]\n");
    linkOverride(world.host, UNIT, "google");
    up("[Service]\nExecStart=\n");
    expect(calls).toContain("daemon-reload");
    expect(calls).toContain("restart --no-block");
  });
});
