import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { makeProject, must, type Project } from "./support/project.ts";

/**
 * The ways in which an agent ends although one of its processes keeps running. Each program counts its starts in the
 * file `starts`.
 */
const ENDINGS: Readonly<Record<string, string>> = {
  session: "tmux -S $SOCKET new-session -d -s build 'sleep 3600'; sleep 1; exit 1",
  split: "tmux -S $SOCKET split-window -d -t split 'sleep 3600'; sleep 1; exit 1",
  remains: "tmux -S $SOCKET set -g remain-on-exit on; sleep 1; exit 1",
  inside: "env | grep ^TMUX >seen; sleep 1; exit 1",
  fork: "setsid sleep 3600 & sleep 1; exit 0",
  orphan: "tmux -S $SOCKET new-session -d -s build 'sleep 3600'; sleep 1; kill -9 $PPID; kill -9 $$",
};

/** Arguments that tmux would change. The agent must get these arguments unchanged. */
const WORDS = ["a;", "worker", "odd\\;", "b\\\\;", ";", "-exec", "x;y", ";"];

function ending(name: string, script: string) {
  const command = [
    "/bin/sh",
    "-c",
    `SOCKET=/run/muster-${name}/tmux; echo x >>starts; until [ -e go ]; do sleep 0.2; done; rm go; ${script}`,
  ];
  return { host: "hub", tenant: "arc", command };
}

function fleet(agents: Record<string, object>) {
  const names = Object.keys(agents);
  const by = (value: (name: string) => object) =>
    Object.fromEntries(names.map((name) => [name, value(name)]));
  return stringify({
    ...{ apiVersion: "muster/v1", kind: "Fleet", name: "death" },
    hosts: { hub: { kind: "local" } },
    tenants: { arc: {} },
    credentials: { key: { from: "config:key", type: "api-key", env: "API_KEY" } },
    identities: by(() => ({ soul: "SOUL.md" })),
    contacts: by((display_name) => ({ display_name })),
    agents,
  });
}

const ENDING = Object.fromEntries(
  Object.entries(ENDINGS).map(([name, script]) => [name, ending(name, script)]),
);

const RUNNING = {
  words: {
    ...{ host: "hub", tenant: "arc" },
    command: ["/bin/sh", "-c", 'printf "%s\\n" "$@" >words; exec sleep 1000000', "sh", ...WORDS],
  },
};

const agent = (command: string[], more: object = {}) => ({ host: "hub", tenant: "arc", command, ...more });

/** Agents that `up` refuses, each with a part of the expected error. */
const REFUSED: Readonly<Record<string, readonly [object, RegExp]>> = {
  brew: [agent(["/home/linuxbrew/bin/agent"]), /unit does not see \/home\/linuxbrew\/bin\/agent/],
  link: [agent(["linked-agent"]), /unit does not see .*leads to \/home\/linuxbrew\/bin\/agent/],
  shebang: [
    agent(["/usr/local/bin/by-hidden"]),
    /needs \/home\/linuxbrew\/bin\/agent to run, and .* does not see/,
  ],
  script: [
    agent(["/bin/sh", "/home/linuxbrew/bin/agent"]),
    /unit does not see \/home\/linuxbrew\/bin\/agent/,
  ],
  gone: [agent(["/usr/local/bin/by-gone"]), /needs \/opt\/gone\/python to run, and gone finds no program/],
  wanted: [agent(["/usr/local/bin/by-env"]), /needs gone-interpreter to run/],
  crlf: [
    agent(["/usr/local/bin/by-crlf"]),
    /first line of \/usr\/local\/bin\/by-crlf ends in a carriage return/,
  ],
  nowhere: [agent(["/bin/sh"], { workdir: "/srv/none" }), /working directory \/srv\/none does not exist/],
  closed: [agent(["/bin/sh"], { workdir: "/root" }), /not allowed to enter its working directory \/root/],
};

/** Agents that end immediately, each with a part of the expected error. */
const ENDED: Readonly<Record<string, readonly [string, RegExp]>> = {
  three: ["echo looking for a config; echo none found >&2; exit 3", /exit status 3.*: none found/],
  signal: ["echo ouch; kill -SEGV $$", /exit status 139 \(signal 11\)/],
  back: ["setsid sleep 3600 & echo gone; exit 0", /exit status 0: gone|has ended or left its terminal/],
  secret: ["echo wrong key $API_KEY; exit 4", /exit status 4: wrong key \[a credential\]/],
};

let project: Project;

const hub = (script: string) => project.onHost("hub", script);

async function events(name: string): Promise<{ event: string; detail?: string }[]> {
  return JSON.parse((await must(project.fleet(["history", name, "--json"]))).stdout).events;
}

beforeAll(async () => {
  project = await makeProject(
    { "fleet.yaml": fleet({ ...ENDING, ...RUNNING }), "SOUL.md": "# Soul\n" },
    { key: "sk-canary-0123456789" },
  );
  await must(project.pulumi(["up", "--yes", "--skip-preview"]));
});

afterAll(() => project?.dispose());

describe("an agent whose program has ended", () => {
  test.each(Object.keys(ENDINGS))(
    "is restarted although another of its processes still runs: %s",
    async (name) => {
      await hub(`runuser -u ${name} -- touch /home/${name}/go`);
      const starts = () => hub(`wc -l </home/${name}/starts`);
      await expect
        .poll(async () => Number(await starts()), { timeout: 60_000, interval: 500 })
        .toBeGreaterThan(1);
      await expect
        .poll(async () => (await events(name)).map(({ event }) => event), { timeout: 20_000 })
        .toContain("died");
    },
  );

  test("has its exit status in the history", async () => {
    const died = (await events("session")).filter(({ event }) => event === "died");
    expect(died.at(-1)?.detail).toBe("its program ended with exit status 1");
  });

  test("could not see the tmux server that it ran in", async () => {
    expect(await hub("cat /home/inside/seen")).toBe("");
  });
});

test("an agent gets its arguments unchanged, including arguments that end with a semicolon", async () => {
  expect((await hub("cat /home/words/words")).split("\n")).toEqual(WORDS);
});

test("a person who attaches to an agent's tmux does not change the size of its window", async () => {
  const tmux = "tmux -S /run/muster-words/tmux";
  const attach = `stty cols 60 rows 20; timeout 2 ${tmux} attach -r`;
  await hub(`TERM=xterm script -qec "${attach}" /dev/null >/dev/null 2>&1 </dev/null || true`);
  expect(await hub(`${tmux} display -p -t words '#{window_width}x#{window_height}'`)).toBe("200x50");
});

test("a working directory below another home is mounted in the unit", async () => {
  await hub("mkdir -p /home/projects/app && chmod 777 /home/projects/app");
  const command = ["/bin/sh", "-c", "echo here >mine; exec sleep 1000000"];
  project.write("fleet.yaml", fleet({ ...RUNNING, proj: agent(command, { workdir: "/home/projects/app" }) }));
  await must(project.pulumi(["up", "--yes", "--skip-preview"]));
  await expect.poll(() => hub("cat /home/projects/app/mine"), { timeout: 10_000 }).toBe("here");
});

describe("an agent whose program cannot run", () => {
  let preview: string;
  let up: string;

  beforeAll(async () => {
    await hub(`mkdir -p /home/linuxbrew/bin; cd /usr/local/bin; chmod 755 /home/linuxbrew /home/linuxbrew/bin
      printf '#!/bin/sh\nexec sleep 1000000\n' >/home/linuxbrew/bin/agent
      ln -s /home/linuxbrew/bin/agent linked-agent
      printf '#!/home/linuxbrew/bin/agent\n' >by-hidden
      printf '#!/opt/gone/python\n' >by-gone
      printf '#!/usr/bin/env gone-interpreter\n' >by-env
      printf '#!/bin/sh\r\nexec sleep 1000000\r\n' >by-crlf
      chmod 755 by-* /home/linuxbrew/bin/agent`);
    const refused = Object.fromEntries(Object.entries(REFUSED).map(([name, [one]]) => [name, one]));
    const ended = Object.fromEntries(
      Object.entries(ENDED).map(([name, [script]]) => [
        name,
        agent(["/bin/sh", "-c", script], { credentials: name === "secret" ? ["key"] : [] }),
      ]),
    );
    project.write("fleet.yaml", fleet({ ...RUNNING, ...refused, ...ended }));
    preview = (await project.pulumi(["preview"])).all;
    up = (await project.pulumi(["up", "--yes", "--skip-preview", "--continue-on-error"])).all;
  });

  test.each(Object.entries(REFUSED))(
    "is refused with the reason before it is started: %s",
    async (name, [, reason]) => {
      expect(up).toMatch(reason);
      expect(await hub(`systemctl is-active muster-agent-${name}.service || true`)).toBe("inactive");
    },
  );

  test.each(Object.entries(ENDED))(
    "is recorded in the history with its exit status and its last output: %s",
    async (name, [, reason]) => {
      await expect
        .poll(async () => (await events(name)).map(({ detail }) => detail ?? "").join("\n"), {
          timeout: 60_000,
        })
        .toMatch(reason);
    },
  );

  test("does not show tmux's noise or a credential", () => {
    expect(`${preview}${up}`).not.toMatch(/pututline|sk-canary/);
  });
});
