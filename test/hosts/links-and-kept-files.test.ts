import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { makeProject, must, type Project } from "./support/project.ts";

const UP = ["up", "--yes", "--skip-preview"];
const AGENT_SH = "while :; do echo awake >>awake.log; sleep 1; done\n";

/**
 * Agents with links that `up` follows. `plant` runs before the agent is declared. `target` is the target of the link.
 */
const FOLLOWED = [
  { name: "homely", link: "/home/homely", target: "/data/homely", plant: home("homely") },
  {
    name: "claudia",
    link: "/home/claudia/.claude",
    target: "/data/claude",
    plant: linked("claudia", "/home/claudia/.claude", "/data/claude"),
    files: { ".claude/CLAUDE.md": { text: "# Claudia\n" } },
  },
  {
    name: "hermia",
    link: "/home/hermia/.hermes",
    target: "/home/hermia/store",
    plant: `${person("hermia")}; runuser -u hermia -- sh -c 'mkdir ~/store; echo mine >~/store/own; ln -s store ~/.hermes'`,
    files: { ".hermes/memories/MEMORY.md": { text: "# Memory\n", write: "once" } },
  },
  {
    name: "worker",
    link: "/home/worker/work",
    target: "/data/work",
    plant: linked("worker", "/home/worker/work", "/data/work"),
    workdir: "/home/worker/work",
  },
  {
    name: "soulful",
    link: "/home/soulful/SOUL.md",
    target: "/home/soulful/dotfiles",
    plant: `${person("soulful")}; runuser -u soulful -- sh -c 'mkdir ~/dotfiles; echo mine >~/dotfiles/own; echo old >~/dotfiles/soul; ln -s dotfiles/soul ~/SOUL.md'`,
  },
];

/** Agents with links that `up` refuses, and the reason of each refusal. */
const REFUSED = [
  {
    name: "etcher",
    plant: `${person("etcher")}; ln -s /etc /home/etcher/.claude`,
    files: { ".claude/CLAUDE.md": { text: "# Etcher\n" } },
    why: "/home/etcher/.claude is a link to /etc, where etcher is not allowed to write.",
  },
  {
    name: "souly",
    plant: `${person("souly")}; ln -s /etc/hostname /home/souly/SOUL.md`,
    why: "/home/souly/SOUL.md is a link to /etc/hostname, where souly is not allowed to write.",
  },
  {
    name: "chainer",
    plant: `${person("chainer")}; ln -s /lib /home/chainer/.claude`,
    files: { ".claude/CLAUDE.md": { text: "# Chainer\n" } },
    why: "/home/chainer/.claude is a link to /lib, where chainer is not allowed to write.",
  },
  {
    name: "rooty",
    plant: `${person("rooty")}; ln -s /root/secret /home/rooty/SOUL.md; echo canary >/root/secret`,
    why: "/home/rooty/SOUL.md is a link to /root/secret, where rooty is not allowed to write.",
  },
  {
    name: "harding",
    plant: `${person("harding")}; echo mine >/home/harding/notes; ln /home/harding/notes /home/harding/SOUL.md`,
    why: "/home/harding/SOUL.md is a hard link",
  },
  {
    name: "foreigner",
    plant: `${person("foreigner")}; ${person("bob")}; mkdir /data/shared; chmod 777 /data/shared; ln -s /data/shared /home/foreigner/.claude; chown -h bob /home/foreigner/.claude`,
    files: { ".claude/CLAUDE.md": { text: "# Foreigner\n" } },
    why: "/home/foreigner/.claude is a link to /data/shared, and belongs to neither foreigner nor root.",
  },
  {
    name: "dangler",
    plant: `${person("dangler")}; ln -s /data/nothing /home/dangler/work`,
    workdir: "/home/dangler/work",
    why: "/home/dangler/work is a link to /data/nothing, which does not exist.",
  },
  {
    name: "looper",
    plant: `${person("looper")}; ln -s two /home/looper/one; ln -s one /home/looper/two`,
    files: { "one/FILE.md": { text: "x\n" } },
    why: "which leads in a circle",
  },
  {
    name: "strayed",
    plant: `useradd -d /home/strayed strayed; ln -s /etc /home/strayed`,
    why: "/home/strayed is a link to /etc, which is not a folder of the user strayed.",
  },
  {
    name: "books",
    plant: `${person("books")}; ln -s /var/lib/books.db /home/books/contacts.db; echo canary >/var/lib/books.db`,
    why: "/home/books/contacts.db is a link to /var/lib/books.db, where books is not allowed to write.",
  },
];

interface Case {
  readonly name: string;
  readonly files?: Readonly<Record<string, object>>;
  readonly workdir?: string;
}

function person(name: string): string {
  return `useradd -m ${name}`;
}

function home(name: string): string {
  return `useradd -d /home/${name} ${name}; mkdir -p /data/${name}; echo mine >/data/${name}/own; chown -R ${name}: /data/${name}; ln -s /data/${name} /home/${name}`;
}

function linked(name: string, link: string, target: string): string {
  return `${person(name)}; mkdir -p ${target}; echo mine >${target}/own; chown -R ${name}: ${target}; ln -s ${target} ${link}`;
}

const IRIS: Case = {
  name: "iris",
  files: {
    "MEMORY.md": { text: "# Memory\n", write: "once" },
    "USER.md": { text: "# User\n", mode: "0600" },
  },
};

function fleetOf(cases: readonly Case[]): string {
  const by = <T>(make: (one: Case) => T) => Object.fromEntries(cases.map((one) => [one.name, make(one)]));
  return stringify({
    apiVersion: "muster/v1",
    kind: "Fleet",
    name: "test",
    hosts: { hub: { kind: "local" } },
    tenants: { arc: {} },
    identities: by(({ files }) => ({
      soul: "SOUL.md",
      files: { "agent.sh": { from: "agent.sh" }, ...files },
    })),
    contacts: by(({ name }) => ({ display_name: name, type: "agent", email: `${name}@example.org` })),
    agents: by(({ name, workdir }) => ({
      host: "hub",
      tenant: "arc",
      identity: name,
      command: ["/bin/sh", `/home/${name}/agent.sh`],
      onChange: "now",
      ...(workdir && { workdir }),
    })),
  });
}

let project: Project;

const onHub = (script: string) => project.onHost("hub", script);

beforeAll(async () => {
  project = await makeProject({
    "fleet.yaml": fleetOf([IRIS]),
    "SOUL.md": "# Soul\n",
    "agent.sh": AGENT_SH,
  });
  await must(project.pulumi(UP));
  await onHub(`set -e; mkdir /data; ${[...FOLLOWED, ...REFUSED].map(({ plant }) => plant).join("\n")}`);
});

afterAll(() => project?.dispose());

describe("files that an agent or a person has written", () => {
  test("are kept with `write: once`, and `fleet drift` reports only missing files", async () => {
    await onHub("runuser -u iris -- sh -c 'echo learned >>~/MEMORY.md; chmod 600 ~/MEMORY.md'");
    await must(project.fleet(["drift"]));
    project.write(
      "fleet.yaml",
      fleetOf([{ ...IRIS, files: { ...IRIS.files, "NEW.md": { text: "new\n" } } }]),
    );
    await must(project.pulumi(UP));
    expect(await onHub("cat /home/iris/MEMORY.md")).toBe("# Memory\nlearned");
    await onHub("rm /home/iris/MEMORY.md");
    const { stdout } = await must(project.fleet(["drift"]), 7);
    expect(stdout).toMatch(/MEMORY\.md +type +declared file +observed absent/);
    await must(project.pulumi(UP));
    expect(await onHub("cat /home/iris/MEMORY.md")).toBe("# Memory");
  });

  test("are copied for root before `up` overwrites them, and `up` and `fleet history` print the paths", async () => {
    await onHub("runuser -u iris -- sh -c 'echo learned >>~/USER.md'");
    const { all } = await must(project.pulumi(UP));
    const [kept = ""] = /\/var\/lib\/muster-aside\/\S+USER\.md-\S+/.exec(all) ?? [];
    expect(kept).not.toBe("");
    expect((await must(project.fleet(["history", "iris"]))).stdout).toContain(
      `the former content of /home/iris/USER.md is in ${kept}`,
    );
    expect(await onHub(`cat ${kept}; stat -c '%U %a' ${kept}; cat /home/iris/USER.md`)).toBe(
      "# User\nlearned\nroot 600\n# User",
    );
    expect(await onHub(`runuser -u iris -- cat ${kept} 2>&1 || true`)).toContain("Permission denied");
  });

  test("are moved aside if they are at the path of a declared folder, as are folders at the path of a declared file", async () => {
    await onHub(
      "rm /home/iris/USER.md; mkdir /home/iris/USER.md; echo a >/home/iris/USER.md/inside; echo b >/home/iris/deep",
    );
    project.write(
      "fleet.yaml",
      fleetOf([{ ...IRIS, files: { ...IRIS.files, "deep/FILE.md": { text: "deep\n" } } }]),
    );
    await must(project.pulumi(UP));
    expect(await onHub("cat /home/iris/deep/FILE.md /home/iris/USER.md")).toBe("deep\n# User");
    const kept = await onHub(
      "cd /var/lib/muster-aside/overwritten; cat home~iris~deep-* home~iris~USER.md-*/inside; stat -c '%U %a' home~iris~USER.md-*Z",
    );
    expect(kept).toBe("b\na\nroot 700");
  });
});

test("a merged file can be a link that its agent has made to another file", async () => {
  await onHub(`runuser -u iris -- sh -c 'cd; mkdir dotfiles; echo "{ \\"mine\\": 1 }" >dotfiles/s; chmod 600 dotfiles/s
    ln -s dotfiles/s settings.json'`);
  const settings = { text: '{"model": "small"}', write: "merge" };
  project.write("fleet.yaml", fleetOf([{ ...IRIS, files: { ...IRIS.files, "settings.json": settings } }]));
  await must(project.pulumi(UP));
  expect(await onHub("cat /home/iris/dotfiles/s")).toBe('{ "mine": 1, "model": "small" }');
  await onHub("runuser -u iris -- sed -i s/small/huge/ /home/iris/dotfiles/s");
  const { stdout } = await must(project.fleet(["drift"]), 7);
  expect(stdout).toMatch(/settings\.json +model +declared small +observed huge/);
  await must(project.pulumi(UP));
  expect(await onHub("cd /home/iris; readlink settings.json; cat dotfiles/s")).toBe(
    'dotfiles/s\n{ "mine": 1, "model": "small" }',
  );
});

describe("links at declared paths", () => {
  let before: string;
  let preview: string;
  let up: string;

  beforeAll(async () => {
    before = await refusedState();
    project.write("fleet.yaml", fleetOf([IRIS, ...FOLLOWED, ...REFUSED]));
    preview = (await project.pulumi(["preview"])).all;
    up = (await must(project.pulumi(UP), 1)).all;
  });

  test.each(FOLLOWED)("are followed if the agent can write there, and are kept: $name", async (one) => {
    const { name, link, target } = one;
    expect(await onHub(`[ -L ${link} ] && cat ${target}/own`)).toBe("mine");
    expect(await onHub(`cat /home/${name}/SOUL.md`)).toBe("# Soul");
    expect(await onHub(`systemctl is-active muster-agent-${name}`)).toBe("active");
    expect(up).not.toContain(`hub: ${name}/agent`);
  });

  test("are reported if the agent's sandbox prevents the agent from writing to their targets", async () => {
    expect(await onHub("[ -s /data/homely/awake.log ] && echo writes")).toBe("writes");
    for (const text of [preview, up]) {
      expect(text).toContain("a link leads from /home/worker/work to /data/work, where the sandbox");
      expect(text).toContain(
        "a link leads from /home/claudia/.claude/CLAUDE.md to /data/claude/CLAUDE.md, where",
      );
      for (const name of ["homely", "hermia", "soulful"]) expect(text).not.toContain(`${name}: a link leads`);
    }
  });

  test.each(REFUSED)("are refused by preview, `up` and drift, and are kept: $name", async ({ why }) => {
    for (const text of [preview, up]) expect(text).toContain(why);
    const { stdout } = await must(project.fleet(["drift"]), 7);
    expect(stdout.replaceAll(/\s+/g, " ")).toContain(why);
  });

  test("prevent every change of a refused agent", async () => {
    expect(await refusedState()).toBe(before);
  });

  test("are kept when the agent is removed", async () => {
    await must(project.fleet(["history"]));
    project.write("fleet.yaml", fleetOf([IRIS, ...FOLLOWED.filter(({ name }) => name !== "homely")]));
    await must(project.pulumi(UP));
    // The home existed before Muster, so Muster gives it back with its former target and content.
    expect(await onHub("readlink /home/homely; cat /home/homely/own")).toBe("/data/homely\nmine");
    for (const { link, target } of FOLLOWED.slice(1)) {
      expect(await onHub(`[ -L ${link} ] && cat ${target}/own`)).toBe("mine");
    }
    expect(await refusedState()).toBe(before);
  });

  test("are followed if `/home` itself is a link", async () => {
    await onHub(
      "systemctl stop 'muster-agent-*'; mv /home /data/home; ln -s /data/home /home; systemctl start muster-agent-iris muster-agent-worker muster-agent-claudia muster-agent-hermia muster-agent-soulful",
    );
    await must(project.pulumi(UP));
    await must(project.fleet(["drift"]));
    await onHub("rm -f /home/iris/awake.log; sleep 2; cat /home/iris/awake.log");
    project.write("fleet.yaml", fleetOf([IRIS, { name: "nova" }]));
    await must(project.pulumi(UP));
    expect(
      await onHub("readlink /home; cat /data/home/nova/SOUL.md; systemctl is-active muster-agent-nova"),
    ).toBe("/data/home\n# Soul\nactive");
  });
});

/** Returns the state of everything that belongs to the refused agents, as one text. */
function refusedState(): Promise<string> {
  const names = REFUSED.map(({ name }) => name).join("|");
  return onHub(`find /home /data/shared /etc/systemd/system | grep -E '/(${names})(/|$)|muster-agent-(${names})' |
      sort | xargs -r stat -c '%n %F %U %G %a %Y %Z %h'
    grep -E '^(${names}):' /etc/passwd; cat /etc/hostname /root/secret /var/lib/books.db; ls -A /data/shared /etc/CLAUDE.md 2>&1 || true`);
}
