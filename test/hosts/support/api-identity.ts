import { execFileSync } from "node:child_process";
import type { ServerIdentity } from "../../doubles/models/index.ts";
import { API_NAME } from "./real-runtimes.ts";

/** Returns a new certificate for the API, which certifies itself. */
export function apiIdentity(): ServerIdentity {
  const names = ["-subj", `/CN=${API_NAME}`, "-addext", `subjectAltName=DNS:${API_NAME}`];
  const words = [
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-days",
    "2",
  ];
  const pem = execFileSync("openssl", [...words, ...names, "-keyout", "-", "-out", "-"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const part = (name: string) =>
    new RegExp(`-----BEGIN ${name}-----[\\s\\S]*?-----END ${name}-----\\n`).exec(pem)?.[0] ?? "";
  return { key: part("PRIVATE KEY"), cert: part("CERTIFICATE") };
}
