import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { RUN_PROGRAM_TEXT } from "../../src/resources/run-program.ts";

const dir = mkdtempSync(join(tmpdir(), "muster-run-"));
const bundle = join(dir, "ca-certificates.crt");
const settings = join(dir, "environment");

afterAll(() => rmSync(dir, { recursive: true }));

/** Runs the part of muster-run that prepares the environment. @returns the environment of the agent's program */
function environmentOf(unit: Readonly<Record<string, string>>, lines = ""): Record<string, string> {
  const [, part = ""] = /\n(# The program trusts[\s\S]*?)# A trapped signal/.exec(RUN_PROGRAM_TEXT) ?? [];
  expect(part).toContain("NODE_EXTRA_CA_CERTS");
  writeFileSync(settings, lines);
  const script = part
    .replaceAll("/etc/ssl/certs/ca-certificates.crt", bundle)
    .replaceAll("/etc/environment", settings);
  const { stdout } = spawnSync("/bin/sh", ["-c", `${script}exec /usr/bin/env`], {
    env: { PATH: "/usr/bin:/bin", ...unit },
    encoding: "utf8",
  });
  return Object.fromEntries(
    stdout.split("\n").map((line) => /^([^=]*)=(.*)$/.exec(line)?.slice(1) ?? ["", ""]),
  );
}

describe("an agent's program", () => {
  test("trusts the certificates of its host, unless the host has none or the unit names others", () => {
    expect(environmentOf({})).not.toHaveProperty("NODE_EXTRA_CA_CERTS");
    writeFileSync(bundle, "");
    const trusted = { NODE_EXTRA_CA_CERTS: bundle, SSL_CERT_FILE: bundle, REQUESTS_CA_BUNDLE: bundle };
    expect(environmentOf({})).toMatchObject(trusted);
    const own = { NODE_EXTRA_CA_CERTS: "/home/iris/ca.pem", SSL_CERT_FILE: "" };
    expect(environmentOf(own)).toMatchObject({ ...trusted, ...own });
  });

  test("uses the proxy of its host, unless the unit names another one", () => {
    const lines =
      'PATH="/opt"\nHTTPS_PROXY="http://proxy.example.org:3128"\nexport no_proxy=.example.org\nEVIL=$(id)\n';
    const seen = environmentOf({}, lines);
    expect(seen).toMatchObject({
      PATH: "/usr/bin:/bin",
      HTTPS_PROXY: "http://proxy.example.org:3128",
      no_proxy: ".example.org",
      NODE_USE_ENV_PROXY: "1",
    });
    expect(seen).not.toHaveProperty("EVIL");
    expect(seen).not.toHaveProperty("NO_PROXY");
    const own = { HTTPS_PROXY: "http://other.example.org" };
    expect(environmentOf(own, lines)).toMatchObject(own);
  });

  test("reaches its own host without the proxy", () => {
    const seen = environmentOf({ https_proxy: "http://proxy.example.org:3128" });
    expect(seen).toMatchObject({ no_proxy: "localhost,127.0.0.1,::1", NO_PROXY: "localhost,127.0.0.1,::1" });
    expect(environmentOf({})).not.toHaveProperty("NODE_USE_ENV_PROXY");
  });
});
