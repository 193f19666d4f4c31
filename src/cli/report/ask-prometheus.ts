import { InvalidError, MusterError } from "../../base/errors.ts";
import { visible } from "../../base/terminal-text.ts";
import type { AskPrometheus } from "../../model/prometheus-uptimes.ts";

/** Milliseconds within which Prometheus must answer one query. */
const PATIENCE = 30_000;

/** The maximum number of bytes of one answer. An answer has about 100 bytes for each agent. */
const MOST_BYTES = 8 * 1024 * 1024;

/** The value of the Authorization header, for a Prometheus that needs a login. */
const AUTHORIZATION = "MUSTER_PROMETHEUS_AUTHORIZATION";

/** Makes a function that queries a Prometheus from this machine. @throws InvalidError if the URL cannot be used */
export function prometheusAt(text: string): AskPrometheus {
  const url = parseUrl(text);
  const authorization = process.env[AUTHORIZATION];
  const headers = { accept: "application/json", ...(authorization && { authorization }) };
  return async (path) => {
    const signal = AbortSignal.timeout(PATIENCE);
    const response = await fetch(new URL(path, url), { headers, signal }).catch(failed(url));
    const body = await readBody(response).catch(failed(url));
    if (response.status === 401 || response.status === 403)
      throw refusal(url, `it answered with the status ${response.status}.`, {
        next: `Set ${AUTHORIZATION}, for example to "Bearer TOKEN".`,
      });
    return body;
  };
}

function parseUrl(text: string): URL {
  const invalid = (why: string) => new InvalidError({ what: "--prometheus", why });
  if (!URL.canParse(text)) throw invalid("it must be a URL, such as http://127.0.0.1:9090.");
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol)) throw invalid("the URL must start with http:// or https://.");
  if (url.username !== "" || url.password !== "")
    throw invalid(`the URL must not contain a password. Set ${AUTHORIZATION} instead.`);
  if (url.search !== "" || url.hash !== "") throw invalid("the URL must not contain `?` or `#`.");
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

/** @throws Error if the body is too long */
async function readBody(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > MOST_BYTES) throw new Error("its answer is too long");
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

function failed(url: URL): (error: unknown) => never {
  return (error) => {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const isLate = error instanceof Error && error.name === "TimeoutError";
    const why = isLate ? `it did not answer within ${PATIENCE / 1000} s` : reasonOf(cause);
    throw refusal(url, `${visible(why)}.`, {
      cause: error,
      ...(url.protocol === "https:" && {
        next:
          "For a certificate of your own authority, set NODE_EXTRA_CA_CERTS. For the Prometheus of `monitoring`, " +
          "use --prometheus without a URL.",
      }),
    });
  };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // The message of an error about several addresses is empty.
  return error.message === "" && "code" in error ? String(error.code) : error.message;
}

function refusal(url: URL, why: string, more: { next?: string; cause?: unknown }): MusterError {
  return new MusterError({ what: `the Prometheus at ${url.origin} was not queried`, why, ...more });
}
