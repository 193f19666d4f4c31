import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { unpackTar } from "../../../src/host/installations/unpack-tar.ts";
import { unpackWheel } from "../../../src/host/installations/unpack-wheel.ts";
import { type TarEntry, tarball, zip } from "../../doubles/archives.ts";

const dir = mkdtempSync(join(tmpdir(), "muster-unpack-"));
afterAll(() => rmSync(dir, { recursive: true }));

let count = 0;

/** Creates an empty folder, and a file with these bytes beside the folder. */
function place(bytes: Buffer): { readonly to: string; readonly file: string; readonly around: string } {
  count += 1;
  const around = join(dir, `${count}`);
  const to = join(around, "to");
  mkdirSync(to, { recursive: true });
  const file = join(around, "archive");
  writeFileSync(file, bytes);
  return { to, file, around };
}

async function unpack(entries: readonly TarEntry[], strip = 0): Promise<string> {
  const { to, file } = place(tarball(entries));
  await unpackTar(file, to, strip, "demo 1.0");
  return to;
}

describe("a tar archive", () => {
  test("is unpacked with its folders, files, links and executable files", async () => {
    const to = await unpack(
      [
        { name: "package/", type: "5" },
        { name: "package/bin/run", text: "#!/bin/sh\n", mode: 0o4755 },
        { name: "package/lib/a.txt", text: "a".repeat(3000), mode: 0o666 },
        { name: "package/lib/b.txt", type: "2", link: "a.txt" },
      ],
      1,
    );
    expect(statSync(join(to, "bin/run")).mode & 0o7777).toBe(0o755);
    expect(statSync(join(to, "lib/a.txt")).mode & 0o7777).toBe(0o644);
    expect(readFileSync(join(to, "lib/b.txt"), "utf8")).toBe("a".repeat(3000));
    expect(lstatSync(join(to, "lib/b.txt")).isSymbolicLink()).toBe(true);
  });

  test("can have long names in extended headers", async () => {
    const name = `package/${"long/".repeat(40)}file`;
    const field = ` path=${name}\n`;
    const record = `${field.length + 3}${field}`;
    const to = await unpack(
      [
        { name: "header", type: "x", text: record },
        { name: "short", text: "long name" },
      ],
      1,
    );
    expect(readFileSync(join(to, name.replace("package/", "")), "utf8")).toBe("long name");
  });

  test.each<[string, TarEntry[], RegExp]>([
    [
      "a path above its folder",
      [{ name: "package/../../out", text: "x" }],
      /contains the path "package\/\.\.\/\.\.\/out"/,
    ],
    ["an absolute path", [{ name: "/out", text: "x" }], /contains the path "\/out"/],
    ["a link out of its folder", [{ name: "a/link", type: "2", link: "../../out" }], /leads out of it/],
    ["an absolute link", [{ name: "link", type: "2", link: "/etc" }], /leads out of it/],
    [
      "a file behind a link",
      [
        { name: "real/x", text: "x" },
        { name: "link", type: "2", link: "real" },
        { name: "link/y", text: "y" },
      ],
      /puts a file below link, which is not a folder/,
    ],
    ["a hard link", [{ name: "hard", type: "1", link: "/etc/passwd" }], /neither a file nor a folder/],
    ["a FIFO", [{ name: "fifo", type: "6" }], /neither a file nor a folder/],
    [
      "a file that is also a folder",
      [
        { name: "a/b", text: "x" },
        { name: "a", text: "y" },
      ],
      /as a file and as a folder/,
    ],
  ])("is refused with %s, and nothing is written outside its folder", async (_, entries, message) => {
    const { to, file, around } = place(tarball(entries));
    await expect(unpackTar(file, to, 0, "demo 1.0")).rejects.toThrow(message);
    expect(existsSync(join(around, "out"))).toBe(false);
  });

  test.each([
    ["truncated", (bytes: Buffer) => bytes.subarray(0, bytes.length - 200)],
    ["not gzipped", () => Buffer.from("not an archive")],
    [
      "damaged",
      (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 60), Buffer.alloc(40, 7), bytes.subarray(100)]),
    ],
  ])("is refused if it is %s", async (_, change) => {
    const whole = tarball([
      { name: "a", text: Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 251)) },
    ]);
    const { to, file } = place(change(whole));
    await expect(unpackTar(file, to, 0, "demo 1.0")).rejects.toThrow(/demo 1\.0 was not unpacked: it /);
  });
});

describe("a wheel", () => {
  test("is unpacked with the packages in its data folder, and without its scripts", () => {
    const { to, file } = place(
      zip({
        "demo/main.py": "print()\n",
        "demo-1.data/purelib/more.py": "x = 1\n",
        "demo-1.data/scripts/run": "no",
      }),
    );
    unpackWheel(file, to, "demo 1.0");
    expect(readFileSync(join(to, "demo/main.py"), "utf8")).toBe("print()\n");
    expect(readFileSync(join(to, "more.py"), "utf8")).toBe("x = 1\n");
    expect(existsSync(join(to, "run"))).toBe(false);
  });

  test("is refused with a path above its folder", () => {
    const { to, file, around } = place(zip({ "demo/../../out": "x" }));
    expect(() => unpackWheel(file, to, "demo 1.0")).toThrow(/contains the path/);
    expect(existsSync(join(around, "out"))).toBe(false);
  });

  test.each([
    ["truncated", (bytes: Buffer) => bytes.subarray(0, bytes.length - 30)],
    ["changed", (bytes: Buffer) => Buffer.from(bytes).fill(1, 40, 44)],
  ])("is refused if it is %s", (_, change) => {
    const { to, file } = place(change(zip({ "demo/main.py": "print('a text that is long enough')\n" })));
    expect(() => unpackWheel(file, to, "demo 1.0")).toThrow(/demo 1\.0 was not unpacked/);
  });
});
