import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readAccounts } from "../../src/host/accounts/accounts.ts";
import { editPasswd } from "../../src/host/accounts/passwd.ts";

const PASSWD =
  "root:x:0:0:root:/root:/bin/bash\niris:x:1001:1001:I, R:/tmp:/bin/sh\niris2:x:1002:1001::/x:/bin/sh\n";

function etc(): string {
  const dir = mkdtempSync(join(tmpdir(), "muster-etc-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  writeFileSync(`${dir}/passwd`, PASSWD, { mode: 0o644 });
  writeFileSync(`${dir}/group`, "root:x:0:\narc:x:1001:\nnewcomers:x:1003:iris\n");
  return dir;
}

test("users are found by name, ids are shown by name, and an unknown id is shown as a number", () => {
  const accounts = readAccounts(etc());
  expect(accounts.users.get("iris")).toMatchObject({ uid: 1001, home: "/tmp", shell: "/bin/sh" });
  expect([accounts.userName(1002), accounts.groupName(1001), accounts.userName(7)]).toEqual([
    "iris2",
    "arc",
    "7",
  ]);
});

test("an edit changes one line of passwd and leaves no lock", () => {
  const dir = etc();
  editPasswd(dir, "iris", { gid: 1003, home: "/home/iris", shell: "/bin/bash" });
  const expected = PASSWD.replace("1001:I, R:/tmp:/bin/sh", "1003:I, R:/home/iris:/bin/bash");
  expect(readFileSync(`${dir}/passwd`, "utf8")).toBe(expected);
  expect(statSync(`${dir}/passwd`).mode & 0o777).toBe(0o644);
  expect(existsSync(`${dir}/passwd.lock`)).toBe(false);
});

test("an edit takes over the lock of a process that no longer exists", () => {
  const dir = etc();
  writeFileSync(`${dir}/passwd.lock`, "4194305\0");
  editPasswd(dir, "iris", { gid: 1001, home: "/home/iris", shell: "/bin/sh" });
  expect(readAccounts(dir).users.get("iris")?.home).toBe("/home/iris");
});

test("an edit refuses a field that would break the line", () => {
  const dir = etc();
  expect(() => editPasswd(dir, "iris", { gid: 0, home: "/a:0:0", shell: "/bin/sh" })).toThrow("colon");
  expect(readFileSync(`${dir}/passwd`, "utf8")).toBe(PASSWD);
});
