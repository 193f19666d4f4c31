import { type StackSettings, stackSettings } from "../model/stack-slice.ts";
import type { ContentStore, HostFacts, Hosts, ProviderContext } from "./context.ts";
import { emptyEngineState } from "./engine-state.ts";
import { functionsOf } from "./functions/registry.ts";
import { handlersOf } from "./handlers/registry.ts";
import type { HostKindProvider } from "./host-kind-provider.ts";
import { observationCache } from "./hosts/observation-cache.ts";
import { trackReachability } from "./hosts/unreachable-hosts.ts";
import { countInFlight } from "./in-flight.ts";
import { emptyPendingMoves } from "./pending-moves.ts";
import { type Config, type SecretSources, secretsFrom } from "./secrets.ts";
import { engineLog } from "./wire/engine.ts";
import type { Provider } from "./wire/service.ts";

/** What a provider stands on. */
export interface Ground {
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
  readonly hosts: Hosts;
  readonly facts: HostFacts;
  /** The part of each kind of host whose machines a run makes. */
  readonly kinds: readonly HostKindProvider[];
  readonly contents: ContentStore;
}

export interface FleetProvider extends Provider {
  /** What its configuration says of the stack, once the engine has sent it. @throws InvalidError */
  stack(): StackSettings;
}

/** Puts a provider together; nothing is contacted before the engine asks about a resource. */
export function makeProvider({ version, env, hosts, facts, kinds, contents }: Ground): FleetProvider {
  let config: Config = new Map();
  const stack = () => stackSettings((name) => config.get(name)?.reveal());
  const sources = (): SecretSources => ({ config, env });
  const engine = engineLog();
  const watched = trackReachability(hosts, facts, (sentence) => engine.log("warning", sentence, ""));
  const services: ProviderContext = {
    ...watched,
    stack,
    looks: observationCache(watched.hosts),
    firstLooks: observationCache(hosts),
    hasMachine: (host) => kinds.some((kind) => kind.hasMachine(host)),
    contents,
    secrets: secretsFrom(sources),
    seen: emptyEngineState(),
    moves: emptyPendingMoves(),
    isDestroy: env["MUSTER_DESTROYS"] === "1",
    env,
  };
  return {
    version,
    stack,
    handlers: handlersOf(services, kinds),
    functions: functionsOf(services, kinds),
    gate: countInFlight(),
    engine,
    configure: (values) => {
      config = values;
    },
  };
}
