import { request as httpsRequest, type RequestOptions } from "node:https";
import { parse } from "yaml";
import { MusterError } from "../../base/errors.ts";
import { MONITORING_NAME, MONITORING_PORTS, monitoringDir } from "../../model/monitoring-programs.ts";
import { prometheusUptimes } from "../../model/prometheus-uptimes.ts";
import type { UptimesAnswer, UptimesRequest } from "../../model/protocol.ts";
import type { Host } from "../context.ts";
import { readOwn } from "../store/state-files.ts";
import { readTextIfPresent } from "../system/read-if-present.ts";

/** Milliseconds within which Prometheus must answer one query. */
const PATIENCE = 30_000;

/** The maximum number of bytes of one answer. An answer has about 100 bytes for each agent. */
const MOST_BYTES = 8 * 1024 * 1024;

/**
 * Serves the request `uptimes`: reads the uptimes from the Prometheus of `monitoring` on this host. The key of the
 * monitoring does not leave the host.
 */
export async function uptimes(_: Host, { at, days }: UptimesRequest): Promise<UptimesAnswer> {
  const tls = ownTls();
  return { uptimes: await prometheusUptimes((path) => ask(tls, path), at, days) };
}

/** Returns the key and the certificates of Prometheus itself. */
function ownTls(): Pick<RequestOptions, "ca" | "cert" | "key"> {
  const settings = readTextIfPresent(`${monitoringDir("prometheus")}/web.yml`);
  if (settings === undefined) throw refused("`monitoring` has not installed Prometheus on this host.");
  const { tls_server_config: tls } = parse(settings) as { tls_server_config: Record<string, string> };
  const read = (key: string) => {
    const bytes = readOwn(tls[key] ?? "");
    if (bytes === undefined) throw refused(`it has no certificate, so it does not run.`);
    return bytes;
  };
  return { ca: read("client_ca_file"), cert: read("cert_file"), key: read("key_file") };
}

function ask(tls: Pick<RequestOptions, "ca" | "cert" | "key">, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(refused(error.message));
    const place = { host: "127.0.0.1", port: MONITORING_PORTS.prometheus, servername: MONITORING_NAME };
    const signal = AbortSignal.timeout(PATIENCE);
    const request = httpsRequest({ ...place, ...tls, path: `/${path}`, signal }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("error", fail);
      response.on("data", (part: string) => {
        text += part;
        if (text.length > MOST_BYTES) response.destroy(new Error("its answer is too long"));
      });
      response.on("end", () => resolve(text));
    });
    request.on("error", fail).end();
  });
}

function refused(why: string): MusterError {
  return new MusterError({
    what: "Prometheus cannot be queried",
    why,
    next: "`npx fleet services` shows the services of the monitoring.",
  });
}
