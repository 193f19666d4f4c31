import type { Machine } from "../model/machine.ts";
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
  ControlAnswer,
  ControlRequest,
  ConvergeAnswer,
  ConvergeRequest,
  Hello,
  HistoryAnswer,
  HistoryRequest,
  JobsAnswer,
  JobsRequest,
  MachineRequest,
  ObserveAnswer,
  ObserveRequest,
  PsAnswer,
  PsRequest,
  RemoveAnswer,
  RemoveRequest,
} from "../model/protocol.ts";
import { uninstall } from "./install.ts";
import { type OpenOptions, open } from "./open.ts";
import { openReading, openWriting } from "./open-session.ts";
import { REMOTE_DIRS } from "./remote-command.ts";
import type { RuntimeFiles } from "./runtime-files.ts";
import type { Session } from "./session.ts";
import type { Target } from "./target.ts";

/** A connection that can only read, because it has no method that changes a host. */
export interface HostReader {
  readonly target: Target;
  readonly hello: Hello;
  observe(request: ObserveRequest): Promise<ObserveAnswer>;
  ps(request: PsRequest): Promise<PsAnswer>;
  history(request: HistoryRequest): Promise<HistoryAnswer>;
  jobs(request: JobsRequest): Promise<JobsAnswer>;
  machine(request: MachineRequest): Promise<Machine>;
  /** Waits for all outstanding answers, then ends the connection. */
  close(): Promise<void>;
}

/** A connection that starts and stops agents and services. It works with any runtime version on the host. */
export interface HostController {
  control(request: ControlRequest): Promise<ControlAnswer>;
}

/** A connection that removes resources. It works with any runtime version on the host. */
export interface HostRemover {
  remove(request: RemoveRequest): Promise<RemoveAnswer>;
  /**
   * Ends the connection, and removes the runtime and its state from the host. Does not remove them if the
   * host still has records of other resources. Data that was moved aside is kept.
   */
  uninstall(): Promise<void>;
}

/** A connection that moves agents away from a host or to it. */
export interface HostMover {
  leave(request: LeaveRequest): Promise<LeaveAnswer>;
  pack(request: PackRequest): Promise<PackAnswer>;
  arrive(request: ArriveRequest): Promise<ArriveAnswer>;
  unpack(request: UnpackRequest): Promise<UnpackAnswer>;
  settle(request: SettleRequest): Promise<SettleAnswer>;
}

/** A connection to the required runtime version, which can also apply resources. */
export interface HostWriter extends HostReader, HostRemover, HostMover {
  converge(request: ConvergeRequest): Promise<ConvergeAnswer>;
}

export interface WriteOptions extends OpenOptions {
  /** The runtime that the host must have. It is installed if the host has another version or no runtime. */
  readonly runtime: RuntimeFiles;
}

/**
 * Opens an SSH connection to a host and starts the host's runtime.
 *
 * @throws HostError if the host cannot be reached; RuntimeError if the host has no runtime that this version
 *   of Muster can use
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
    jobs: session.request,
    machine: session.request,
    close: session.close,
  };
}

export function controllerOn(session: Session): HostController {
  return { control: session.request };
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
  return { ...readerOn(session), ...removerOn(session, options), ...mover, converge: request };
}
