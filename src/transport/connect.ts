import type { ContactsAnswer, ContactsRequest } from "../model/duplicate-contacts.ts";
import type { LedgersAnswer, LedgersRequest, ResolveAnswer, ResolveRequest } from "../model/ledger.ts";
import type { Machine } from "../model/machine-health.ts";
import type { SendAnswer, SendRequest } from "../model/message.ts";
import type {
  ArriveAnswer,
  ArriveRequest,
  LeaveAnswer,
  LeaveRequest,
  PackAnswer,
  PackRequest,
  SettleAnswer,
  SettleRequest,
  UnpackAnswer,
  UnpackRequest,
} from "../model/move.ts";
import type {
  KeyboardAnswer,
  KeyboardRequest,
  LogAnswer,
  LogRequest,
  PaneAnswer,
  PaneRequest,
} from "../model/pane.ts";
import type {
  CommitAnswer,
  CommitRequest,
  ControlAnswer,
  ControlRequest,
  ConvergeAnswer,
  ConvergeRequest,
  Hello,
  HistoryAnswer,
  HistoryRequest,
  InstallAnswer,
  InstallRequest,
  JobsAnswer,
  JobsRequest,
  MachineRequest,
  ObserveAnswer,
  ObserveRequest,
  PsAnswer,
  PsRequest,
  RemoveAnswer,
  RemoveRequest,
  SupplyAnswer,
  SupplyRequest,
  UptimesAnswer,
  UptimesRequest,
  UsageAnswer,
  UsageRequest,
} from "../model/protocol.ts";
import { uninstall } from "./install.ts";
import { openReading, openWriting } from "./open-session.ts";
import { REMOTE_DIRS } from "./remote-command.ts";
import type { RuntimeFiles } from "./runtime-files.ts";
import type { Session } from "./session.ts";
import { type OpenOptions, open } from "./start-remote-program.ts";
import type { Target } from "./target.ts";

/** A connection that can only read. This type has no method that changes a host. */
export interface HostReader {
  readonly target: Target;
  readonly hello: Hello;
  observe(request: ObserveRequest): Promise<ObserveAnswer>;
  ps(request: PsRequest): Promise<PsAnswer>;
  history(request: HistoryRequest): Promise<HistoryAnswer>;
  ledgers(request: LedgersRequest): Promise<LedgersAnswer>;
  uptimes(request: UptimesRequest): Promise<UptimesAnswer>;
  jobs(request: JobsRequest): Promise<JobsAnswer>;
  usage(request: UsageRequest): Promise<UsageAnswer>;
  machine(request: MachineRequest): Promise<Machine>;
  /** Waits until all requests are answered, then ends the connection. */
  close(): Promise<void>;
}

/**
 * A connection that can start and stop agents and services, and use the terminals of agents. It works with any version
 * of the runtime on the host. Older versions refuse requests about terminals.
 */
export interface HostController {
  control(request: ControlRequest): Promise<ControlAnswer>;
  /** Closes a finding about repeated repairs. */
  resolve(request: ResolveRequest): Promise<ResolveAnswer>;
  /** Finds the duplicates in an agent's contact book, and merges them on request. */
  contacts(request: ContactsRequest): Promise<ContactsAnswer>;
  pane(request: PaneRequest): Promise<PaneAnswer>;
  keyboard(request: KeyboardRequest): Promise<KeyboardAnswer>;
  log(request: LogRequest): Promise<LogAnswer>;
  send(request: SendRequest): Promise<SendAnswer>;
}

/** A connection that can remove resources. It works with any version of the runtime on the host. */
export interface HostRemover {
  remove(request: RemoveRequest): Promise<RemoveAnswer>;
  /**
   * Ends the connection, and removes the runtime and its state from the host. If the host still has records
   * of other resources, the runtime and its state are kept. Data that was moved aside is always kept.
   */
  uninstall(): Promise<void>;
}

/** A connection that can move agents away from a host or to a host. */
export interface HostMover {
  leave(request: LeaveRequest): Promise<LeaveAnswer>;
  pack(request: PackRequest): Promise<PackAnswer>;
  arrive(request: ArriveRequest): Promise<ArriveAnswer>;
  unpack(request: UnpackRequest): Promise<UnpackAnswer>;
  settle(request: SettleRequest): Promise<SettleAnswer>;
}

/** A connection that can install versions of runtimes and store the objects of commits. */
export interface HostInstaller {
  install(request: InstallRequest): Promise<InstallAnswer>;
  supply(request: SupplyRequest): Promise<SupplyAnswer>;
  commit(request: CommitRequest): Promise<CommitAnswer>;
}

/** A connection to a host with the required version of the runtime. It can also apply resources. */
export interface HostWriter extends HostReader, HostRemover, HostMover, HostInstaller {
  converge(request: ConvergeRequest): Promise<ConvergeAnswer>;
}

export interface WriteOptions extends OpenOptions {
  /**
   * The runtime that the host must have. This runtime is installed if the host has a different version or no runtime.
   */
  readonly runtime: RuntimeFiles;
}

/**
 * Opens an SSH connection to a host and starts the runtime of the host.
 *
 * @throws HostError if the host is unreachable; RuntimeError if the host has no runtime that this version of Muster can
 *   use
 */
export function connect(target: Target, options: WriteOptions): Promise<HostWriter>;
export function connect(target: Target, options?: OpenOptions): Promise<HostReader>;
export async function connect(target: Target, options: OpenOptions | WriteOptions = {}): Promise<HostReader> {
  return "runtime" in options
    ? writerOn(await openWriting(target, options.runtime, options), options)
    : readerOn(await openReading(target, "look", options));
}

export function readerOn(session: Session): HostReader {
  return {
    target: session.target,
    hello: session.hello,
    observe: session.request,
    ps: session.request,
    history: session.request,
    ledgers: session.request,
    uptimes: session.request,
    jobs: session.request,
    usage: session.request,
    machine: session.request,
    close: session.close,
  };
}

export function controllerOn(session: Session): HostController {
  const { request } = session;
  return {
    ...{ control: request, resolve: request, contacts: request },
    ...{ pane: request, keyboard: request, log: request, send: request },
  };
}

export function removerOn(session: Session, options: OpenOptions): HostRemover {
  return {
    remove: session.request,
    uninstall: async () => {
      await session.close();
      const { channel, target } = await open(session.target, "shell", options);
      await uninstall(channel, target, options.dirs ?? REMOTE_DIRS).finally(channel.close);
    },
  };
}

export function writerOn(session: Session, options: OpenOptions): HostWriter {
  const { request } = session;
  const mover = { leave: request, pack: request, arrive: request, unpack: request, settle: request };
  const installer = { install: request, supply: request, commit: request };
  return { ...readerOn(session), ...removerOn(session, options), ...mover, ...installer, converge: request };
}
