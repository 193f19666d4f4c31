import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { editPasswd } from "../../src/host/accounts/edit-passwd.ts";
import { readAccounts } from "../../src/host/accounts/read-accounts.ts";

const PASSWD =
  "root:x:0:0:root:/root:/bin/bash\niris:x:1001:1001:I, R:/tmp:/bin/sh\niris2:x:1002:1001::/x:/bin/sh\n";

function etc(): string {
  const dir = mkdtempSync(join(tmpdir(), "muster-etc-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  writeFileSync(`${dir}/passwd`, PASSWD, { mode: 0o644 });
  writeFileSync(`${dir}/group`, "root:x:0:\narc:x:1001:\nnewcomers:x:1003:iris\n");
  return dir;
}

test("a user is found by name, and only an unknown id is shown as a number", () => {
  const accounts = readAccounts(etc());
  expect(accounts.users.get("iris")).toMatchObject({ uid: 1001, home: "/tmp", shell: "/bin/sh" });
  expect([accounts.userName(1002), accounts.groupName(1001), accounts.userName(7)]).toEqual([
    "iris2",
    "arc",
    "7",
  ]);
});

test("an edit of passwd changes one line, and leaves no lock file", () => {
  const dir = etc();
  editPasswd(dir, "iris", { gid: 1003, home: "/home/iris", shell: "/bin/bash" });
  const expected = PASSWD.replace("1001:I, R:/tmp:/bin/sh", "1003:I, R:/home/iris:/bin/bash");
  expect(readFileSync(`${dir}/passwd`, "utf8")).toBe(expected);
  expect(statSync(`${dir}/passwd`).mode & 0o777).toBe(0o644);
  expect(existsSync(`${dir}/passwd.lock`)).toBe(false);
});

test("an edit of passwd takes over the lock of a process that no longer exists", () => {
  const dir = etc();
  writeFileSync(`${dir}/passwd.lock`, "4194305\0");
  editPasswd(dir, "iris", { gid: 1001, home: "/home/iris", shell: "/bin/sh" });
  expect(readAccounts(dir).users.get("iris")?.home).toBe("/home/iris");
});

test("an edit of passwd is refused if a field contains a colon", () => {
  const dir = etc();
  expect(() => editPasswd(dir, "iris", { gid: 0, home: "/a:0:0", shell: "/bin/sh" })).toThrow("colon");
  expect(readFileSync(`${dir}/passwd`, "utf8")).toBe(PASSWD);
});
