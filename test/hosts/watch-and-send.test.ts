import { readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { killedSend, startFleet, untilAccepted, VICTIMS } from "./support/killed-send.ts";
import { makeProject, must, type Project } from "./support/project.ts";
import { LONG, randomFrom, SEED } from "./support/random.ts";

const KILLS = LONG ? 200 : 20;

const CHAT = readFileSync(join(import.meta.dirname, "../doubles/chat-program.mjs"), "utf8");
const SERVER = readFileSync(join(import.meta.dirname, "../doubles/hostile-tmux.mjs"), "utf8");
const START = '#!/bin/sh\nexec /usr/local/lib/muster/node-*/node "$HOME/bin/chat.mjs"\n';

/** The agents that run the stand-in for Claude Code. */
const CHATS = ["clio", "mona", "nell", "otis"];

/** A full-screen program: it uses the alternate screen, and shows a counter in colour. */
const SCREEN = `printf '\\033[?1049h\\033[2J\\033[5;10H\\033[1;32mfull screen\\033[0m'
i=0; while :; do i=$((i+1)); printf '\\033[8;20H\\033[48;5;20mcount %s\\033[0m' $i; sleep 0.1; done`;

/**
 * A hostile agent. Its program writes escape sequences that tmux passes on. The program then replaces its tmux server
 * by a server that makes each client run a command. This command can report only through the former server.
 */
const HOSTILE = `T="tmux -S /run/muster-evil/tmux"
$T set -g allow-passthrough on; $T set -s set-clipboard on; $T set -g set-titles on
printf '\\033]52;c;ZXZpbA==\\007\\033]0;evil title\\007\\033[6n\\033[c\\033P$q"p\\033\\\\\\033]8;;http://evil\\007link\\033]8;;\\007'
printf '\\033Ptmux;\\033\\033]52;c;ZXZpbA==\\007\\033\\\\'
echo ready
cat >/run/muster-evil/attack.sh <<'END'
read=$(cat /root/canary /home/evil/run.sh 2>/dev/null | wc -c)
rights=$(sed -n 's/NoNewPrivs:.//p' /proc/self/status)
tmux -S /run/muster-evil/real set-environment -g RAN "$(id -u) $read $rights"
exec sleep 300
END
mv /run/muster-evil/tmux /run/muster-evil/real
touch hooked
exec /usr/local/lib/muster/node-*/node hostile-tmux.mjs /run/muster-evil/tmux "sh /run/muster-evil/attack.sh"`;

const READER = `while read -r line; do
  printf '%s\\n' "$line" >>got
  case $line in ack*) muster-ack "\${line#ack }" ;; esac
done`;

/** The scripts of the agents that run no chat. */
const SCRIPTS: Readonly<Record<string, string>> = { full: SCREEN, evil: HOSTILE, reed: READER };

function fleet() {
  const names = [...CHATS, ...Object.keys(SCRIPTS)];
  const by = (make: (name: string) => object) => Object.fromEntries(names.map((name) => [name, make(name)]));
  const filesOf = (name: string) =>
    CHATS.includes(name)
      ? { "bin/claude": { text: START, mode: "0755" }, "bin/chat.mjs": { text: CHAT } }
      : { "run.sh": { text: `${SCRIPTS[name]}\n` }, "hostile-tmux.mjs": { text: SERVER } };
  const programOf = (name: string) =>
    CHATS.includes(name)
      ? { runtime: { kind: "claude", program: "bin/claude" } }
      : { command: ["/bin/sh", "run.sh"] };
  return stringify({
    ...{ apiVersion: "muster/v1", kind: "Fleet", name: "watched" },
    hosts: { hub: { kind: "local" } },
    tenants: { arc: {} },
    identities: by((name) => ({ soul: "SOUL.md", files: filesOf(name) })),
    contacts: by((display_name) => ({ display_name })),
    agents: by((name) => ({ host: "hub", tenant: "arc", ...programOf(name) })),
  });
}

let project: Project;

const hub = (script: string) => project.onHost("hub", script);
const as = (name: string, script: string) => hub(`runuser -u ${name} -- sh -c '${script}'`);
const send = (...args: string[]) => project.fleet(["send", ...args]);
const setMode = (name: string, mode: string) => as(name, `echo ${mode} >/home/${name}/mode; sleep 0.3`);

/** Returns the messages that a stand-in has accepted, from its transcript. */
async function accepted(name: string): Promise<string[]> {
  const text = await hub(`cat /home/${name}/.claude/projects/-home/session.jsonl 2>/dev/null || true`);
  const rows = text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));
  return rows.flatMap(({ type, message }) => (type === "user" ? [message.content as string] : []));
}

async function events(name: string): Promise<string[]> {
  const { stdout } = await must(project.fleet(["history", name, "--json"]));
  const all = (JSON.parse(stdout) as { events: { event: string; detail?: string }[] }).events;
  return all.map(({ event, detail = "" }) => `${event} ${detail}`);
}

/** Runs `fleet watch` in a terminal of the given size. The terminal's output is complete when the command has ended. */
function inTerminal(size: { columns: number; rows: number }, words: string, seconds = 20) {
  const bin = join(project.dir, "node_modules/muster-fleet/bin/fleet");
  const script = `stty cols ${size.columns} rows ${size.rows}; exec timeout -s KILL ${seconds} ${bin} ${words}`;
  return execa("script", ["-qfec", script, "/dev/null"], {
    cwd: project.dir,
    reject: false,
    encoding: "latin1",
  });
}

/** Returns the numbers that the full-screen program has shown. */
function countsIn(output: string): ReadonlySet<string> {
  return new Set(output.match(/count \d+/g));
}

/** Waits until the output of a command contains a text. */
function untilShown(
  { stdout }: Pick<ReturnType<typeof startFleet>, "stdout">,
  isIn: (shown: string) => boolean,
): Promise<void> {
  let shown = "";
  return new Promise((resolve) => {
    stdout?.on("data", (bytes: Buffer) => {
      shown += bytes.toString("latin1");
      if (isIn(shown)) resolve();
    });
  });
}

/** Returns the rest of a terminal's output without the sequences that Muster makes itself. */
function foreignBytes(output: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the escape sequences
  const own = /\u001b\[(\d+;\d+H|[\d;]*m|K|2J|\?(25|1049|7)[hl])|[\r\n]/g;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
  return (output.replaceAll(own, "").match(/[\u0000-\u001f\u007f]/g) ?? []).join("");
}

beforeAll(async () => {
  console.log(`watch-and-send: MUSTER_SEED=${SEED}`);
  project = await makeProject({ "fleet.yaml": fleet(), "SOUL.md": "# Soul\n" });
  await must(project.pulumi(["up", "--yes", "--skip-preview"]));
});

afterAll(() => project?.dispose());

describe("`fleet watch`", () => {
  test("prints the text of a full-screen program without a terminal", async () => {
    const { stdout } = await must(project.fleet(["watch", "full"]));
    expect(stdout).toMatch(/^ {9}full screen$/m);
    expect(stdout).toMatch(/count \d+/);
  });

  test.each([
    { columns: 40, rows: 10 },
    { columns: 80, rows: 24 },
    { columns: 300, rows: 90 },
  ])(
    "shows changes in a terminal of $columns x $rows, and does not change the agent's window",
    async (size) => {
      const watcher = inTerminal(size, "watch full");
      await untilShown(watcher, (shown) => countsIn(shown).size > 5);
      watcher.stdin?.write("q");
      const { stdout, exitCode } = await watcher;
      expect(exitCode).toBe(0);
      expect(foreignBytes(stdout)).toBe("");
      const window = 'tmux -S /run/muster-full/tmux display -p "#{window_width}x#{window_height}"';
      expect(await as("full", window)).toBe("200x50");
    },
  );

  test("passes on only text and colours of a hostile agent, and runs nothing with more rights than the agent", async () => {
    await hub("echo secret >/root/canary; until [ -e /home/evil/hooked ]; do sleep 0.1; done");
    const watcher = inTerminal({ columns: 80, rows: 24 }, "watch evil", 30);
    const { stdout, exitCode } = await watcher;
    expect(exitCode).not.toBe(0);
    expect(foreignBytes(stdout)).toBe("");
    expect(stdout).not.toContain("ZXZpbA");
    const uid = await hub("id -u evil");
    const ran = await as("evil", "tmux -S /run/muster-evil/real show-environment -g RAN || true");
    expect(ran).toBe(`RAN=${uid} 0 1`);
    await expect.poll(() => hub("pgrep -fu evil 'sleep 300' || true"), { timeout: 20_000 }).toBe("");
    await hub("mv /run/muster-evil/real /run/muster-evil/tmux");
    expect((await must(project.fleet(["watch", "evil"]))).stdout).toContain("ready");
  });

  test("reports no drift and nothing unmanaged while a person watches", async () => {
    const watcher = inTerminal({ columns: 80, rows: 24 }, "watch full");
    await untilShown(watcher, (shown) => /full screen/.test(shown));
    const drift = await project.fleet(["drift"]);
    watcher.stdin?.write("q");
    await watcher;
    expect(drift.exitCode, drift.all).toBe(0);
  });
});

describe("`fleet watch --takeover`", () => {
  test("types at the agent, is recorded in the history, and prevents other people from typing", async () => {
    const person = inTerminal({ columns: 100, rows: 30 }, "watch reed --takeover");
    await untilShown(person, (shown) => /you have the keyboard/.test(shown));
    person.stdin?.write("hello é\r");
    const got = () => hub("cat /home/reed/got 2>/dev/null || true");
    await expect.poll(got, { timeout: 20_000 }).toBe("hello é");
    const other = await send("reed", "not now", "--json");
    expect(other.exitCode).toBe(3);
    expect(JSON.parse(other.stdout)).toMatchObject({ verdict: "refused", reason: "takeover" });
    const { stdout } = await project.fleet(["ps"]);
    expect(stdout).toMatch(/^reed .* KEYBOARD$/m);
    expect(stdout).toMatch(/reed: \S+@\S+ from [\d.]+ has controlled its terminal since /);
    person.stdin?.write("\u001d");
    expect((await person).exitCode).toBe(0);
    const all = (await events("reed")).join("\n");
    expect(all).toMatch(/keyboard-taken by \S+@\S+ from [\d.]+/);
    expect(all).toMatch(/keyboard-returned by the person/);
    expect(await hub("ls /run/muster.keyboards")).toBe("");
  });

  test("ends when the connection drops", async () => {
    const person = inTerminal({ columns: 100, rows: 30 }, "watch reed --takeover", 60);
    await untilShown(person, (shown) => /you have the keyboard/.test(shown));
    person.kill("SIGKILL");
    await person;
    await expect.poll(() => hub("ls /run/muster.keyboards"), { timeout: 30_000 }).toBe("");
    expect((await events("reed")).join("\n")).toMatch(/keyboard-returned because the connection/);
  });
});

test("an agent whose dialog has been open for two minutes is BLOCKED in `fleet ps`, and the history has the question", async () => {
  const flags = async () => {
    const { stdout } = await project.fleet(["ps", "--json"]);
    const { agents } = JSON.parse(stdout) as {
      agents: { agent: string; flags: string[]; blocked?: string }[];
    };
    return agents.flatMap(({ agent, flags, blocked }) =>
      flags.includes("BLOCKED") ? [`${agent}: ${blocked}`] : [],
    );
  };
  await setMode("mona", "permission");
  // The test does not wait for two minutes. Instead, tmux writes its file after a second, and the test sets an older
  // time for the terminal.
  await as("mona", "tmux -S /run/muster-mona/tmux set-option -w monitor-silence 1");
  await expect
    .poll(() => hub("cat /run/muster-mona/pane || true"), { timeout: 30_000 })
    .toContain("proceed?");
  await hub(
    "touch -m -d -130sec $(runuser -u mona -- tmux -S /run/muster-mona/tmux list-panes -F '#{pane_tty}')",
  );
  await expect.poll(flags, { timeout: 60_000 }).toEqual(["mona: Do you want to proceed?"]);
  expect(await events("mona")).toContain("blocked Do you want to proceed?");
  await setMode("mona", "");
  await expect.poll(flags, { timeout: 60_000 }).toEqual([]);
  expect(await events("mona")).toContain("unblocked ");
  expect(await hub("ls /home/mona/answered 2>/dev/null || true")).toBe("");
});

test("`fleet logs` prints the journal and the terminal, and follows both", async () => {
  const { stdout } = await must(project.fleet(["logs", "reed"]));
  expect(stdout).toMatch(/^\d{4}-.*systemd: Start(ed|ing) muster-agent-reed/m);
  expect(stdout).toMatch(/^\| hello é$/m);
  const follower = startFleet(project, ["logs", "reed", "-f"]);
  await untilShown(follower, (shown) => /hello/.test(shown));
  const seen = untilShown(follower, (shown) => /a new line\n/.test(shown));
  await must(send("reed", "a new line"));
  await seen;
  follower.kill();
  expect((await follower).stdout.match(/^\| a new line$/gm)).toHaveLength(1);
});

describe("`fleet send`", () => {
  test("proves that an idle agent has accepted a message, byte for byte", async () => {
    const texts = [
      "x",
      "~/notes and ~",
      'two lines with "quotes" and $HOME\n\tand `ticks` \\ ; #{pane_id}\\',
      "emoji 😀👩‍👩‍👧 und Umlaute äöü, 漢字",
      `${"0123456789abcde\n".repeat(4095)}0123456789abcdef`,
    ];
    for (const text of texts) {
      const { stdout } = await must(
        project.fleet(["send", "clio", "--verify", "--json", "-"], { input: text }),
      );
      expect(JSON.parse(stdout)).toMatchObject({ verdict: "accepted", isRetry: false });
    }
    expect(await accepted("clio")).toEqual(texts);
  });

  test("reports that a busy agent has queued a message", async () => {
    await setMode("clio", "busy");
    const { stdout } = await must(send("clio", "while you work", "--verify"));
    expect(stdout).toMatch(/^queued: clio /);
    await setMode("clio", "");
    expect((await accepted("clio")).at(-1)).toBe("while you work");
  });

  test.each(["permission", "login"])("types nothing into a dialog: %s", async (dialog) => {
    await setMode("clio", dialog);
    const { exitCode, stdout } = await send("clio", "1", "--verify", "--json");
    await setMode("clio", "");
    expect(exitCode).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ verdict: "refused", reason: dialog });
    expect(await hub("ls /home/clio/answered 2>/dev/null || true")).toBe("");
  });

  test("refuses control characters, or removes them on request", async () => {
    const input = "a\u001b[201~\u0003b";
    const refused = await project.fleet(["send", "clio", "-"], { input });
    expect(refused.exitCode).toBe(3);
    expect(refused.stdout).toMatch(/U\+001B, U\+0003/);
    const sent = await must(project.fleet(["send", "clio", "--strip", "--verify", "-"], { input }));
    expect(sent.stderr).toMatch(/removed from the text: U\+001B, U\+0003/);
    expect((await accepted("clio")).at(-1)).toBe("a[201~b");
  });

  test("reports at most `delivered` for a plain program, unless it acknowledges the message", async () => {
    expect((await must(send("reed", "one"))).stdout).toMatch(/^delivered: reed /);
    const unproved = await must(send("reed", "two", "--verify", "--timeout", "2"), 6);
    expect(unproved.stdout).toMatch(/^delivered: reed /);
    const proved = await must(
      project.fleet(["agent", "send", "reed", "ack m-17", "--verify", "--id", "m-17"]),
    );
    expect(proved.stdout).toMatch(/^accepted: reed .*proof: muster-ack/);
    expect(await hub("tail -n 3 /home/reed/got")).toBe("one\ntwo\nack m-17");
  });

  test(`neither loses nor duplicates a message if ${KILLS} clients, connections and sessions are killed at random times`, async () => {
    const random = randomFrom(SEED);
    const plans = CHATS.map((name, i) => ({
      name,
      kills: Array.from({ length: Math.ceil((KILLS - i) / CHATS.length) }, (_, k) => ({
        ...{ id: `kill-${name}-${k}`, text: `message ${k}\nfor ${name}` },
        after: Math.floor(random() * 2500),
        victim: VICTIMS[Math.floor(random() * VICTIMS.length)] ?? "client",
      })),
    }));
    const before = await Promise.all(CHATS.map(accepted));
    const claims = await Promise.all(
      plans.map(async ({ name, kills }) => {
        const verdicts: string[] = [];
        for (const { id, text, ...kill } of kills) {
          const words = ["send", name, "-", "--id", id, "--verify", "--json"];
          verdicts.push(await killedSend(project, { host: "hub", agent: name, words, text, ...kill }));
          verdicts.push(...(await untilAccepted(project, words, text)));
        }
        return verdicts;
      }),
    );
    expect(claims.flat().filter((one) => !["", "accepted", "queued", "unconfirmed"].includes(one))).toEqual(
      [],
    );
    for (const [i, { name, kills }] of plans.entries()) {
      const got = (await accepted(name)).slice(before[i]?.length);
      expect(got, `seed ${SEED}`).toEqual(kills.map(({ text }) => text));
    }
  });
});
