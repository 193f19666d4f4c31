import { watchHosts } from "./away.ts";
import { functionsOf } from "./functions/registry.ts";
import { gate } from "./gate.ts";
import { handlersOf } from "./handlers/registry.ts";
import { sharedLooks } from "./looks.ts";
import { type Config, type SecretSources, secretsFrom } from "./secrets.ts";
import { nothingSeen } from "./seen.ts";
import type { ContentStore, HostFacts, Hosts, LocalMachines, Services } from "./services.ts";
import { engineLog } from "./wire/engine.ts";
import type { Provider } from "./wire/service.ts";

/** What a provider stands on. */
export interface Ground {
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
  readonly hosts: Hosts;
  readonly facts: HostFacts;
  readonly machines: LocalMachines;
  readonly contents: ContentStore;
}

/** Puts a provider together; nothing is contacted before the engine asks about a resource. */
export function makeProvider({ version, env, hosts, facts, machines, contents }: Ground): Provider {
  let config: Config = new Map();
  const sources = (): SecretSources => ({ config, env });
  const engine = engineLog();
  const watched = watchHosts(hosts, facts, (sentence) => engine.log("warning", sentence, ""));
  const services: Services = {
    ...watched,
    looks: sharedLooks(watched.hosts),
    firstLooks: sharedLooks(hosts),
    machines,
    contents,
    secrets: secretsFrom(sources),
    seen: nothingSeen(),
    isDestroy: env["MUSTER_DESTROYS"] === "1",
  };
  return {
    version,
    handlers: handlersOf(services),
    functions: functionsOf(services),
    gate: gate(),
    engine,
    configure: (values) => {
      config = values;
    },
  };
}
