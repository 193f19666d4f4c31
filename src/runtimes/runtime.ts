import type { Conversation, FailureRecords } from "../model/conversation.ts";
import type { HeartbeatBy } from "../model/deadman.ts";
import type { SessionRecords } from "../model/items.ts";

/** A model and its provider. The name of the provider is the name that the runtime uses. */
export interface ModelChoice {
  readonly provider?: string;
  readonly model?: string;
}

/** A model choice, with the address and the key variable of its provider. */
export interface ModelAccess extends ModelChoice {
  /** The address of the API, in the form that the vendor's programs accept. Absent for the vendor's own address. */
  readonly url?: string;
  /**
   * The environment variable with the key for this provider; absent if no credential belongs to this provider alone.
   */
  readonly keyVariable?: string;
}

/** The properties of an agent, other than its model, on which the settings of its runtime depend. */
export interface Surroundings {
  /** The agent's name. */
  readonly name: string;
  readonly home: string;
  readonly workdir: string;
  /** The other choices of the agent, the best first. */
  readonly others: readonly ModelAccess[];
  /** The environment variables that the agent gets from its credentials, by their declared names. */
  readonly variables: readonly string[];
  /** The other agents on the same host that have the same runtime. */
  readonly neighbours: readonly string[];
  /** The number of seconds between two heartbeats that the runtime itself sends; absent if it sends none. */
  readonly beatSeconds?: number;
}

/** The texts of files, by the path of each file in the agent's home. */
export type Texts = Readonly<Record<string, string>>;

/** The settings with which Muster passes the provider and the model to a runtime. */
export interface Settings {
  /** The arguments before the declared arguments. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Keys in settings files that the runtime reads when it starts. The runtime, the agent and its identity can have
   * other keys in these files.
   */
  readonly files?: Texts;
  /**
   * More keys in settings files. These keys apply unless the agent's identity declares them. With these settings, the
   * runtime starts and works inside the agent's unit without a question to a person.
   */
  readonly defaults?: Texts;
  /** Complete files that the runtime reads when it starts, such as extensions. */
  readonly programs?: Texts;
}

/** A program that runs agents, such as Claude Code, and the properties of the program that Muster needs. */
export interface Runtime {
  /** The name of the program in the agent's PATH. If absent, fleet.yaml must name the program. */
  readonly program?: string;
  /**
   * The names that the process of the runtime can have, without version numbers. Empty if any name is
   * accepted.
   */
  readonly processes: readonly string[];
  /**
   * The default heartbeat. It is `none` for a runtime that can wait for input, because such a runtime is silent while
   * it waits.
   */
  readonly heartbeat: HeartbeatBy;
  /**
   * How the runtime sends heartbeats if `heartbeat: {by: runtime}` is declared; see `Heartbeat.sent`. Absent if the
   * runtime cannot send heartbeats.
   */
  readonly beats?: "timer" | "hooks";
  /** Whether the program writes to its terminal while it works, and writes nothing while it waits at its prompt. */
  readonly showsWork?: true;
  /** The providers that the runtime supports. If absent, all providers are accepted. */
  readonly providers?: readonly string[];
  /**
   * The path in the home of the runtime's own configuration file, which can declare more providers. Absent if the
   * runtime has no such file.
   */
  readonly providersFile?: string;
  /** The command-line option for the model; absent if the runtime has no such option. */
  readonly modelOption?: string;
  /** The runtime's records of the models of its sessions; absent if Muster cannot read these records. */
  readonly sessions?: SessionRecords;
  /** Whether muster-session can make the runtime continue its own conversation. */
  readonly resumes?: true;
  /**
   * When a conversation gets a changed identity. `always`: the runtime adds the change to the running conversation.
   * `start`: at the next start. `never`: only a new conversation has the changed identity. Absent if this is not known.
   */
  readonly readsIdentity?: "always" | "start" | "never";
  /** Matches arguments that select a conversation, or a mode of the program without a conversation. */
  readonly sessionArguments?: RegExp;
  /**
   * The description by which `fleet send` finds the prompt and the proof that the runtime has accepted a message, and
   * by which the deadman finds dialogs that wait for a person. Absent if it is not known.
   */
  readonly conversation?: Conversation;
  /**
   * The advice for a person who wants to send a message. Present if the runtime reads no messages from its terminal.
   */
  readonly readsNoTerminal?: string;
  /** Where the runtime records turns that have ended without an answer; absent if this is not known. */
  readonly failures?: readonly FailureRecords[];
  /** The pattern for the names of models. Present if the runtime accepts these names only without the vendor. */
  readonly bareModels?: RegExp;
  /** Whether the runtime itself changes to another provider. If so, the deadman does not have to do this. */
  readonly fallsBack?: true;
  /** The file to which Muster writes the settings of the runtime; absent if Muster writes no file. */
  readonly settingsFile?: {
    readonly path: string;
    /** The keys that determine which provider and model the runtime uses, such as `model.default`. */
    readonly modelKeys: readonly string[];
  };
  /** The vendor's packages, which are the defaults of `runtimes` in fleet.yaml. */
  readonly packages?: {
    /**
     * `native`: the file in `node_modules` that is the program, with `{cpu}` for the architecture. `unwanted`: files of
     * the package that are not installed, such as a mark that only the install script of the package would remove.
     */
    readonly npm?: {
      readonly name: string;
      readonly native?: string;
      readonly unwanted?: readonly string[];
    };
    readonly pypi?: { readonly name: string };
  };
  /** The settings that prevent the program from updating itself. Absent if the program never updates itself. */
  readonly updaterOff?: Pick<Settings, "args" | "env">;
  /**
   * The names under which the agent gets variables of its credentials, by their declared names. Needed for variables
   * about which the program would otherwise ask a person.
   */
  readonly renamedVariables?: Readonly<Record<string, string>>;
  /**
   * Returns the reason why the runtime waits for a person in a new home, and what to declare, as the end of a sentence
   * that begins with the runtime's name. Returns undefined if the runtime does not wait. Only for a runtime that cannot
   * work without a login.
   */
  waitsFor?(access: ModelAccess, surroundings: Surroundings): string | undefined;
  /** Returns the settings for the model that the agent currently uses. */
  settings(access: ModelAccess, surroundings: Surroundings): Settings;
  /**
   * Returns the additional files from which the runtime reads the agent's identity.
   *
   * @param files the declared files of the identity, including SOUL.md
   */
  identity(files: Texts): Texts;
}
