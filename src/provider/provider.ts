import { type StackSettings, stackSettings } from "../model/slice.ts";
import { watchHosts } from "./away.ts";
import { functionsOf } from "./functions/registry.ts";
import { gate } from "./gate.ts";
import { handlersOf } from "./handlers/registry.ts";
import { sharedLooks } from "./looks.ts";
import { noMoves } from "./moves.ts";
import { type Config, type SecretSources, secretsFrom } from "./secrets.ts";
import { nothingSeen } from "./seen.ts";
import type { ContentStore, Droplets, HostFacts, Hosts, LocalMachines, Services } from "./services.ts";
import { engineLog } from "./wire/engine.ts";
import type { Provider } from "./wire/service.ts";

/** What a provider stands on. */
export interface Ground {
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
  readonly hosts: Hosts;
  readonly facts: HostFacts;
  readonly machines: LocalMachines;
  readonly droplets: Droplets;
  readonly contents: ContentStore;
}

export interface FleetProvider extends Provider {
  /** What its configuration says of the stack, once the engine has sent it. @throws InvalidError */
  stack(): StackSettings;
}

/** Puts a provider together; nothing is contacted before the engine asks about a resource. */
export function makeProvider({
  version,
  env,
  hosts,
  facts,
  machines,
  droplets,
  contents,
}: Ground): FleetProvider {
  let config: Config = new Map();
  const stack = () => stackSettings((name) => config.get(name)?.reveal());
  const sources = (): SecretSources => ({ config, env });
  const engine = engineLog();
  const watched = watchHosts(hosts, facts, (sentence) => engine.log("warning", sentence, ""));
  const services: Services = {
    ...watched,
    stack,
    looks: sharedLooks(watched.hosts),
    firstLooks: sharedLooks(hosts),
    machines,
    droplets,
    contents,
    secrets: secretsFrom(sources),
    seen: nothingSeen(),
    moves: noMoves(),
    isDestroy: env["MUSTER_DESTROYS"] === "1",
    env,
  };
  return {
    version,
    stack,
    handlers: handlersOf(services),
    functions: functionsOf(services),
    gate: gate(),
    engine,
    configure: (values) => {
      config = values;
    },
  };
}
