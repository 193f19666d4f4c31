import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ServerIdentity } from "../../doubles/models/index.ts";
import { API_NAME } from "./real-runtimes.ts";

/** The identity of the API, with the certificate of the authority that hosts must trust. */
export interface ApiIdentity extends ServerIdentity {
  readonly authority: string;
}

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

/** Creates a certificate authority and a certificate for the API. Some programs accept no self-signed certificate. */
export function apiIdentity(): ApiIdentity {
  const dir = mkdtempSync(join(tmpdir(), "muster-ca-"));
  const certify = (name: string, subject: string, more: readonly string[]) =>
    execFileSync(
      "openssl",
      [
        ...["req", "-x509", "-days", "2", ...KEY, "-subj", `/CN=${subject}`],
        ...["-keyout", `${name}.key`, "-out", `${name}.pem`, ...more],
      ],
      { cwd: dir, stdio: "ignore" },
    );
  const read = (file: string) => readFileSync(join(dir, file), "utf8");
  try {
    certify("ca", "authority of the tests", ["-addext", "basicConstraints=critical,CA:TRUE"]);
    const extensions = ["basicConstraints=critical,CA:FALSE", `subjectAltName=DNS:${API_NAME}`];
    const more = extensions.flatMap((one) => ["-addext", one]);
    certify("api", API_NAME, ["-CA", "ca.pem", "-CAkey", "ca.key", ...more]);
    return { key: read("api.key"), cert: read("api.pem"), authority: read("ca.pem") };
  } finally {
    rmSync(dir, { recursive: true });
  }
}
