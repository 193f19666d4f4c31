import { credentials } from "@grpc/grpc-js";
import engine_grpc_pb from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engine_pb from "@pulumi/pulumi/proto/engine_pb.js";
import type { Severity } from "../handlers/handler.ts";

const SEVERITIES = { info: engine_pb.LogSeverity.INFO, warning: engine_pb.LogSeverity.WARNING };

/** Sends messages to the engine's service, which prints the messages in the terminal. */
export interface EngineLog {
  /** Sets the engine's address, as `host:port`. Messages before this call are dropped. */
  attach(address: string): void;
  /**
   * Resolves when the engine has accepted the message. Never fails, because without an engine nobody would
   * read the error.
   */
  log(severity: Severity, message: string, urn: string): Promise<void>;
  close(): void;
}

/** Creates the log, which connects to the engine when the first message is sent. */
export function engineLog(): EngineLog {
  let address = "";
  let client: engine_grpc_pb.EngineClient | undefined;
  return {
    attach: (to) => {
      address = to;
    },
    log: (severity, message, urn) => {
      if (address === "") return Promise.resolve();
      client ??= new engine_grpc_pb.EngineClient(address, credentials.createInsecure());
      const request = new engine_pb.LogRequest();
      request.setSeverity(SEVERITIES[severity]);
      request.setMessage(message);
      request.setUrn(urn);
      return new Promise((resolve) => client?.log(request, () => resolve()));
    },
    close: () => client?.close(),
  };
}
