import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { postgres } from "./support/postgres.ts";
import { s3 } from "./support/s3.ts";
import type { StateServer } from "./support/state-server.ts";

const ROOT = join(import.meta.dirname, "../..");
const UP = ["up", "--yes", "--skip-preview"];
const FOREIGN = { pid: 7, username: "ann", hostname: "ann-laptop", timestamp: "2026-01-02T03:04:05.678Z" };
const AT_WORK =
  /^pulumi: stack prod is locked: \S+@\S+ \(process (\d+)\) has been working on it since \S+ \(\d/;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "muster-state-"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** One person's clone of a project. The project's program either does nothing or waits. */
class Clone {
  readonly dir: string;
  readonly server: StateServer;

  constructor(name: string, server: StateServer) {
    this.dir = join(folder, name);
    this.server = server;
  }

  static first(name: string, server: StateServer): Clone {
    const clone = new Clone(name, server);
    cpSync(join(import.meta.dirname, "support/idle"), clone.dir, { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(clone.dir, "node_modules"));
    writeFileSync(join(clone.dir, "stacks/prod.passphrase"), "a passphrase for tests\n", { mode: 0o600 });
    return clone;
  }

  /** Copies the project like `git clone`. The copy includes the passphrase, which a colleague would provide. */
  another(name: string): Clone {
    const clone = new Clone(name, this.server);
    cpSync(this.dir, clone.dir, {
      recursive: true,
      filter: (path) => !path.includes("/.muster") && !path.includes("/home"),
    });
    return clone;
  }

  pulumi(args: string[], env: Record<string, string> = {}) {
    return this.#run("pulumi", args, env);
  }

  fleet(args: string[]) {
    return this.#run("fleet", args, { PULUMI_STACK: "prod" });
  }

  #run(program: string, args: string[], env: Record<string, string>) {
    return execa(join(ROOT, "bin", program), args, {
      cwd: this.dir,
      extendEnv: false,
      reject: false,
      env: {
        PATH: "/usr/bin:/bin",
        HOME: this.dir,
        MUSTER_CACHE: process.env["MUSTER_CACHE"] ?? join(process.env["HOME"] ?? "", ".cache/muster"),
        PULUMI_HOME: join(this.dir, "home"),
        PULUMI_BACKEND_URL: this.server.url,
        ...this.server.env,
        ...env,
      },
    });
  }
}

describe.each([
  ["PostgreSQL", "postgres", postgres],
  ["S3", "s3", s3],
] as const)("shared state in %s", (_name, kind, start) => {
  let server: StateServer;
  let mine: Clone;

  beforeAll(async () => {
    server = await start();
    mine = Clone.first(kind, server);
    expect(await mine.pulumi(["stack", "init", "prod"])).toMatchObject({ exitCode: 0 });
    expect(await mine.pulumi([...UP, "-s", "prod"])).toMatchObject({ exitCode: 0 });
  });

  afterAll(() => server?.stop());

  test("lets only one person run `pulumi up` at a time, and the next run removes the lock of a killed run", async () => {
    const theirs = mine.another(`${kind}-theirs`);
    const working = mine.pulumi([...UP, "-s", "prod"], { WAIT: "1" });
    await vi.waitFor(() => expect(existsSync(join(mine.dir, "waits"))).toBe(true), 30_000);
    for (const clone of [theirs, mine]) {
      const second = await clone.pulumi([...UP, "-s", "prod"]);
      expect(second).toMatchObject({ exitCode: 1, stdout: "", stderr: expect.stringMatching(AT_WORK) });
      expect(AT_WORK.exec(second.stderr)?.[1]).toBe(`${working.pid}`);
    }
    expect(await mine.fleet(["unlock", "--force"])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("has been working on it since"),
    });
    working.kill("SIGKILL");
    await working;
    const unproven = await theirs.fleet(["unlock"]);
    expect(unproven).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("unlock --stack prod --force"),
    });
    const next = await mine.pulumi([...UP, "-s", "prod"]);
    expect(next.stderr).toContain(`(process ${working.pid}) took at`);
    expect(next.exitCode).toBe(0);
  });

  test("remains locked by another machine until somebody uses `--force`", async () => {
    await server.put(".pulumi/locks/organization/idle/prod/1.json", JSON.stringify(FOREIGN));
    const up = await mine.pulumi([...UP, "-s", "prod"]);
    const sentence =
      /ann@ann-laptop \(process 7\) has held the lock since 2026-01-02T03:04:05Z \(\d+d\d\dh\)/;
    expect(up).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(sentence) });
    expect(await mine.fleet(["unlock"])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(sentence),
    });
    expect((await mine.fleet(["doctor", "--json"])).stdout).toContain("ann@ann-laptop (process 7)");
    const forced = await mine.fleet(["unlock", "--force"]);
    expect(forced).toMatchObject({ exitCode: 0, stdout: "Stack prod is unlocked." });
    expect(forced.stderr).toContain(
      "lock of stack prod that ann@ann-laptop (process 7) took at 2026-01-02T03:04:05Z",
    );
    expect((await mine.fleet(["unlock"])).stdout).toBe("Stack prod is not locked.");
  });

  test("can be used for a preview while another person's run holds the lock", async () => {
    const lock = ".pulumi/locks/organization/idle/prod/2.json";
    await server.put(lock, JSON.stringify(FOREIGN));
    expect(await mine.pulumi(["preview", "-s", "prod"])).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(await server.get(lock))).toEqual(FOREIGN);
    expect(await mine.fleet(["unlock", "--force"])).toMatchObject({ exitCode: 0 });
  });

  test("causes an error in one sentence if the database, the credentials or the server is missing", async () => {
    const errorOf = async (args: string[], env: Record<string, string>) => {
      const { exitCode, stdout, stderr } = await mine.pulumi([...args, "-s", "prod"], env);
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
      expect(stderr).toMatch(/^pulumi: the state of stack prod cannot be reached at \S+: [^\n]*$/);
      return stderr;
    };
    expect(await errorOf(UP, { PULUMI_BACKEND_URL: server.missing })).toMatch(
      /there is no such (database|bucket)/,
    );
    const none = Object.fromEntries(Object.keys(server.env).map((name) => [name, ""]));
    expect(await errorOf(["preview"], { ...none, AWS_EC2_METADATA_DISABLED: "true" })).toContain(
      "credentials",
    );
    const wrong = { PGPASSWORD: "wrong", AWS_SECRET_ACCESS_KEY: "wrong" };
    expect(await errorOf(UP, wrong)).toContain("it refuses the credentials of this machine");
    const down = server.url.replace(/127\.0\.0\.1:\d+/, "127.0.0.1:1");
    expect(await errorOf(["preview"], { PULUMI_BACKEND_URL: down })).toContain("nothing answers there");
  });
});
