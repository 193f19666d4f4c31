import { type Client, credentials, type Metadata, Server, ServerCredentials } from "@grpc/grpc-js";
import engine_grpc_pb from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import type engine_pb from "@pulumi/pulumi/proto/engine_pb.js";
import provider_grpc_pb from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import provider_pb from "@pulumi/pulumi/proto/provider_pb.js";
import status_pb from "@pulumi/pulumi/proto/status_pb.js";
import empty_pb from "google-protobuf/google/protobuf/empty_pb.js";
import struct_pb from "google-protobuf/google/protobuf/struct_pb.js";

/** Plain JSON as it is sent over the wire, with marked secrets. */
export type Json = Record<string, unknown>;

type Setters = Record<string, unknown>;

/** The engine's side of the connection to a provider. It uses the real protocol, and receives messages. */
export interface Engine {
  readonly messages: { severity: number; message: string; urn: string }[];
  configure(config: Json): Promise<provider_pb.ConfigureResponse>;
  diffConfig(olds: Json, news: Json): Promise<provider_pb.DiffResponse>;
  check(urn: string, news: Json): Promise<{ inputs: Json; failures: { property: string; reason: string }[] }>;
  diff(urn: string, olds: Json, news: Json): Promise<Record<string, string>>;
  diffResponse(urn: string, olds: Json, news: Json): Promise<provider_pb.DiffResponse>;
  /** @param timeout seconds from a program's customTimeouts; 0 for the provider's default */
  create(
    urn: string,
    inputs: Json,
    preview?: boolean,
    timeout?: number,
  ): Promise<{ id: string; state: Json; refresh: boolean }>;
  read(urn: string, id: string, recorded: Recorded): Promise<{ id: string; refresh: boolean } & Recorded>;
  update(
    urn: string,
    olds: Json,
    news: Json,
    preview?: boolean,
    id?: string,
  ): Promise<{ state: Json; refresh: boolean }>;
  delete(urn: string, id: string, state: Json): Promise<void>;
  invoke(token: string, args: Json): Promise<Json>;
  cancel(): Promise<void>;
  close(): void;
}

export interface Recorded {
  readonly inputs: Json;
  readonly state: Json;
}

/** The error of a failed call. */
export interface CallFailure {
  readonly code: number;
  readonly details: string;
  readonly metadata: Metadata;
}

/** Returns the details of ErrorResourceInitFailed, if the failure has them. */
export function initFailed(failure: CallFailure) {
  const [bytes] = failure.metadata.get("grpc-status-details-bin");
  if (bytes === undefined) return undefined;
  const any = status_pb.Status.deserializeBinary(bytes as Buffer).getDetailsList()[0];
  const unpack = provider_pb.ErrorResourceInitFailed.deserializeBinary;
  const details = any?.unpack(unpack, "pulumirpc.ErrorResourceInitFailed");
  if (details === undefined || details === null) return undefined;
  return {
    id: details.getId(),
    inputs: json(details.getInputs()),
    state: json(details.getProperties()),
    reasons: details.getReasonsList(),
    refresh: details.getRefreshBeforeUpdate(),
  };
}

/** Connects to a provider and completes the handshake. */
export async function connectEngine(port: number): Promise<Engine> {
  const messages: Engine["messages"] = [];
  const { server, address } = await listen(messages);
  const client = new provider_grpc_pb.ResourceProviderClient(
    `127.0.0.1:${port}`,
    credentials.createInsecure(),
  );
  const call = caller(client);
  await call("handshake", new provider_pb.ProviderHandshakeRequest(), { EngineAddress: address });
  const diff = (urn: string, olds: Json, news: Json): Promise<provider_pb.DiffResponse> =>
    call("diff", new provider_pb.DiffRequest(), { Urn: urn, Olds: struct(olds), News: struct(news) });
  return {
    messages,
    configure: (config) => call("configure", new provider_pb.ConfigureRequest(), { Args: struct(config) }),
    diffConfig: (olds, news) =>
      call("diffConfig", new provider_pb.DiffRequest(), { OldInputs: struct(olds), News: struct(news) }),
    check: async (urn, news) => {
      const request = new provider_pb.CheckRequest();
      const answer = await call<provider_pb.CheckResponse>("check", request, {
        Urn: urn,
        News: struct(news),
      });
      return {
        inputs: json(answer.getInputs()),
        failures: answer.getFailuresList().map((f) => f.toObject()),
      };
    },
    diffResponse: diff,
    diff: async (urn, olds, news) => kindsOf(await diff(urn, olds, news)),
    create: async (urn, inputs, preview = false, timeout = 0) => {
      const fields = { Urn: urn, Properties: struct(inputs), Preview: preview, Timeout: timeout };
      const request = new provider_pb.CreateRequest();
      const answer = await call<provider_pb.CreateResponse>("create", request, fields);
      const refresh = answer.getRefreshBeforeUpdate();
      return { id: answer.getId(), state: json(answer.getProperties()), refresh };
    },
    read: async (urn, id, { inputs, state }) => {
      const fields = { Urn: urn, Id: id, Inputs: struct(inputs), Properties: struct(state) };
      const answer = await call<provider_pb.ReadResponse>("read", new provider_pb.ReadRequest(), fields);
      const refresh = answer.getRefreshBeforeUpdate();
      const seen = { inputs: json(answer.getInputs()), state: json(answer.getProperties()) };
      return { id: answer.getId(), refresh, ...seen };
    },
    update: async (urn, olds, news, preview = false, id = "") => {
      const fields = { Urn: urn, Id: id, Olds: struct(olds), News: struct(news), Preview: preview };
      const request = new provider_pb.UpdateRequest();
      const answer = await call<provider_pb.UpdateResponse>("update", request, fields);
      return { state: json(answer.getProperties()), refresh: answer.getRefreshBeforeUpdate() };
    },
    delete: async (urn, id, state) => {
      const fields = { Urn: urn, Id: id, Properties: struct(state) };
      await call("delete", new provider_pb.DeleteRequest(), fields);
    },
    invoke: async (token, args) => {
      const fields = { Tok: token, Args: struct(args) };
      return json(
        (
          await call<provider_pb.InvokeResponse>("invoke", new provider_pb.InvokeRequest(), fields)
        ).getReturn(),
      );
    },
    cancel: () => call("cancel", new empty_pb.Empty(), {}),
    close: () => {
      client.close();
      server.forceShutdown();
    },
  };
}

function caller(client: Client) {
  const methods = client as unknown as Record<string, (request: unknown, done: unknown) => void>;
  return <A>(method: string, request: object, fields: Setters): Promise<A> => {
    const setters = request as Record<string, (value: unknown) => void>;
    for (const [name, value] of Object.entries(fields)) setters[`set${name}`]?.call(request, value);
    return new Promise((resolve, reject) => {
      const done = (error: Error | null, answer: A) => (error === null ? resolve(answer) : reject(error));
      methods[method]?.call(client, request, done);
    });
  };
}

const KINDS = ["add", "add, replace", "delete", "delete, replace", "update", "update, replace"];

function kindsOf(response: provider_pb.DiffResponse): Record<string, string> {
  const entries = response.getDetaileddiffMap().toArray() as [string, unknown][];
  return Object.fromEntries(
    entries.map(([path]) => [
      path,
      KINDS[response.getDetaileddiffMap().get(path)?.getKind() ?? -1] ?? "unknown kind",
    ]),
  );
}

async function listen(messages: Engine["messages"]): Promise<{ server: Server; address: string }> {
  const server = new Server();
  server.addService(engine_grpc_pb.EngineService as never, {
    log: (
      { request }: { request: engine_pb.LogRequest },
      done: (error: null, answer: empty_pb.Empty) => void,
    ) => {
      messages.push({
        severity: request.getSeverity(),
        message: request.getMessage(),
        urn: request.getUrn(),
      });
      done(null, new empty_pb.Empty());
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    const done = (error: Error | null, bound: number) => (error === null ? resolve(bound) : reject(error));
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), done);
  });
  return { server, address: `127.0.0.1:${port}` };
}

function struct(value: Json): struct_pb.Struct {
  return struct_pb.Struct.fromJavaScript(value as never);
}

function json(value: struct_pb.Struct | undefined): Json {
  return (value?.toJavaScript() ?? {}) as Json;
}
