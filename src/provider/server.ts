import { Server, ServerCredentials } from "@grpc/grpc-js";
import provider_grpc_pb from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import { type Provider, serviceOf } from "./wire/service.ts";

/** A running provider. */
export interface Running {
  readonly port: number;
  /** Stops the provider when no request is running. */
  stop(): Promise<void>;
}

/** Serves a provider on a free port of 127.0.0.1. The engine can send messages of any size. */
export async function serve(provider: Provider): Promise<Running> {
  const server = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  server.addService(provider_grpc_pb.ResourceProviderService, serviceOf(provider));
  const port = await bind(server);
  return {
    port,
    stop: async () => {
      provider.gate.close();
      await provider.gate.idle();
      provider.engine.close();
      await close(server);
    },
  };
}

function bind(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
}

/** The maximum number of milliseconds to wait until the last responses have been sent. */
const DRAIN_TIMEOUT = 100;

/**
 * Sends the last responses, then drops the connections that the engine has left open. If the engine is closing a
 * connection, tryShutdown might never finish, and the engine would wait 5 s for the provider to exit.
 */
function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, DRAIN_TIMEOUT);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
