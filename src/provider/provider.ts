import { type StackSettings, stackSettings } from "../model/stack-settings.ts";
import type {
  ArchiveSource,
  CommitSource,
  ContentStore,
  HostFacts,
  Hosts,
  ProviderContext,
} from "./context.ts";
import { functionsOf } from "./functions/registry.ts";
import { handlersOf } from "./handlers/registry.ts";
import type { HostKindProvider } from "./host-kind-provider.ts";
import { observationCache } from "./hosts/observation-cache.ts";
import { trackReachability } from "./hosts/unreachable-hosts.ts";
import { emptyPendingMoves } from "./pending-moves.ts";
import { noRecurringResources } from "./recurring-resources.ts";
import { type Config, type SecretSources, secretsFrom } from "./resolve-secrets.ts";
import { emptyEngineState } from "./resources-in-state.ts";
import { countInFlight } from "./running-requests.ts";
import type { SecretCommands } from "./secret-commands.ts";
import { engineLog } from "./wire/engine.ts";
import type { Provider } from "./wire/service.ts";

/** The parts from which a provider is created. */
export interface ProviderDependencies {
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
  readonly hosts: Hosts;
  readonly facts: HostFacts;
  /** The provider part of each host kind for which Muster creates machines. */
  readonly kinds: readonly HostKindProvider[];
  readonly contents: ContentStore;
  readonly archives: ArchiveSource;
  readonly commits: CommitSource;
  readonly commands: SecretCommands;
}

export interface FleetProvider extends Provider {
  /** Returns the stack's settings. Can be called after the engine has sent the configuration. @throws InvalidError */
  stack(): StackSettings;
}

/** Creates a provider. The provider contacts no host before the engine sends a request about a resource. */
export function makeProvider({
  version,
  env,
  hosts,
  facts,
  kinds,
  contents,
  archives,
  commits,
  commands,
}: ProviderDependencies): FleetProvider {
  let config: Config = new Map();
  const stack = () => stackSettings((name) => config.get(name)?.reveal());
  const sources = (): SecretSources => ({ config, env, commands, peerOf: facts.peer });
  const engine = engineLog();
  const watched = trackReachability(hosts, facts, (sentence) => engine.log("warning", sentence, ""));
  const context: ProviderContext = {
    ...watched,
    stack,
    observations: observationCache(watched.hosts),
    silentObservations: observationCache(hosts),
    hasMachine: (host) => kinds.some((kind) => kind.hasMachine(host)),
    contents,
    archives,
    commits,
    secrets: secretsFrom(sources),
    engineState: emptyEngineState(),
    moves: emptyPendingMoves(),
    recurring: noRecurringResources(),
    run: new Date().toISOString(),
    isDestroy: env["MUSTER_DESTROYS"] === "1",
    env,
  };
  return {
    version,
    stack,
    handlers: handlersOf(context, kinds),
    functions: functionsOf(context, kinds),
    gate: countInFlight(),
    engine,
    configure: (values) => {
      config = values;
    },
  };
}
