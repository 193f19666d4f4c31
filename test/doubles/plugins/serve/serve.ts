import { credentials, type handleUnaryCall, Server, ServerCredentials } from "@grpc/grpc-js";
import engine_grpc_pb from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engine_pb from "@pulumi/pulumi/proto/engine_pb.js";
import plugin_pb from "@pulumi/pulumi/proto/plugin_pb.js";
import provider_grpc_pb from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import provider_pb from "@pulumi/pulumi/proto/provider_pb.js";
import empty_pb from "google-protobuf/google/protobuf/empty_pb.js";
import {
  checkMessage,
  createMessage,
  diffMessage,
  errorStatus,
  readMessage,
  updateMessage,
} from "./messages.ts";
import type { Call, Diff, Plugin, ResourceType } from "./plugin.ts";
import { decode, encode, type Properties } from "./values.ts";

/**
 * Serves a plugin to the engine, and prints its port. Like the vendor's plugin, it ends every wait when the engine is
 * killed, and exits after it has received the API's responses to the requests that it has sent.
 */
export async function servePlugin(plugin: Plugin): Promise<void> {
  const server = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  const cancelled = new AbortController();
  server.addService(provider_grpc_pb.ResourceProviderService, serviceOf(plugin, engineLog(), cancelled));
  const port = await new Promise<number>((resolve, reject) => {
    const done = (error: Error | null, bound: number) => (error === null ? resolve(bound) : reject(error));
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), done);
  });
  const end = () => process.exit(0);
  process.on("SIGINT", end).on("SIGTERM", end);
  const orphaned = () => {
    cancelled.abort();
    void idle().then(end);
  };
  process.stdin.on("end", orphaned).on("error", orphaned).resume();
  process.stdout.write(`${port}\n`);
}

type Log = ReturnType<typeof engineLog>;

/** Returns a client of the engine's log service. The service's address is in the plugin's arguments. */
function engineLog() {
  const address = process.argv.slice(2).find((arg) => /^[\w.]+:\d+$/.test(arg));
  const client =
    address === undefined
      ? undefined
      : new engine_grpc_pb.EngineClient(address, credentials.createInsecure());
  const { INFO, WARNING } = engine_pb.LogSeverity;
  return (severity: "info" | "warning", text: string, urn: string): void => {
    const request = new engine_pb.LogRequest();
    request.setSeverity(severity === "info" ? INFO : WARNING);
    request.setMessage(text);
    request.setUrn(urn);
    request.setEphemeral(severity === "info");
    client?.log(request, () => {});
  };
}

function serviceOf(plugin: Plugin, log: Log, cancelled: AbortController) {
  const typeOf = (urn: string): { type: ResourceType; name: string } => {
    const { token, name } = partsOf(urn);
    const type = plugin.types[token];
    if (type === undefined) throw new Error(`this stand-in has no type ${token}`);
    return { type, name };
  };
  const callOf = (request: { getUrn(): string; getTimeout(): number }, name: string): Call => ({
    name,
    timeout: request.getTimeout() > 0 ? request.getTimeout() : undefined,
    signal: cancelled.signal,
    log: (severity, text) => log(severity, text, request.getUrn()),
  });
  return {
    handshake: unary(() => new provider_pb.ProviderHandshakeResponse()),
    attach: unary(() => new empty_pb.Empty()),
    getPluginInfo: unary(() => new plugin_pb.PluginInfo().setVersion(plugin.version)),
    getSchema: unary(() => new provider_pb.GetSchemaResponse().setSchema("{}")),
    checkConfig: unary((request: provider_pb.CheckRequest) =>
      checkMessage({ inputs: plugin.checkConfig(decode(request.getNews())), failures: [] }),
    ),
    diffConfig: unary(() => new provider_pb.DiffResponse()),
    configure: unary((request: provider_pb.ConfigureRequest) => {
      plugin.configure(decode(request.getArgs()));
      return new provider_pb.ConfigureResponse().setSupportspreview(true);
    }),
    cancel: unary(() => {
      cancelled.abort();
      return new empty_pb.Empty();
    }),
    check: unary((request: provider_pb.CheckRequest) => {
      const { type, name } = typeOf(request.getUrn());
      return checkMessage(type.check(decode(request.getNews()), decode(request.getOlds()), name));
    }),
    diff: unary((request: provider_pb.DiffRequest) => {
      const { type } = typeOf(request.getUrn());
      const diff = type.diff(decode(request.getOlds()), decode(request.getNews()));
      return diffMessage(without(diff, request.getIgnorechangesList()));
    }),
    create: unary(async (request: provider_pb.CreateRequest) => {
      const { type, name } = typeOf(request.getUrn());
      const inputs = decode(request.getProperties());
      if (request.getPreview()) return createMessage({ id: "", state: type.foreseen(inputs) });
      return createMessage(await withInputs(inputs, type.create(inputs, callOf(request, name))));
    }),
    read: unary(async (request: provider_pb.ReadRequest) => {
      const { type } = typeOf(request.getUrn());
      const [inputs, state] = [decode(request.getInputs()), decode(request.getProperties())];
      return readMessage(await type.read(request.getId(), inputs, state));
    }),
    update: unary(async (request: provider_pb.UpdateRequest) => {
      const { type, name } = typeOf(request.getUrn());
      const [inputs, state] = [decode(request.getNews()), decode(request.getOlds())];
      if (request.getPreview()) return updateMessage({ ...state, ...inputs });
      return updateMessage(
        await withInputs(inputs, type.update(request.getId(), state, inputs, callOf(request, name))),
      );
    }),
    delete: unary(async (request: provider_pb.DeleteRequest) => {
      const { type, name } = typeOf(request.getUrn());
      await type.delete(request.getId(), decode(request.getProperties()), callOf(request, name));
      return new empty_pb.Empty();
    }),
    invoke: unary(async (request: provider_pb.InvokeRequest) => {
      const call = plugin.functions[request.getTok()];
      if (call === undefined) throw new Error(`this stand-in has no function ${request.getTok()}`);
      return new provider_pb.InvokeResponse().setReturn(encode(await call(decode(request.getArgs()))));
    }),
  };
}

/** Reads the type's token and the name from `urn:pulumi:<stack>::<project>::<parents$type>::<name>`. */
function partsOf(urn: string): { token: string; name: string } {
  const [, , types = "", ...name] = urn.split("::");
  return { token: types.split("$").at(-1) ?? "", name: name.join("::") };
}

/** @param ignored property paths at which the program ignores changes */
function without(diff: Diff, ignored: readonly string[]): Diff {
  const isIgnored = (path: string) =>
    ignored.some((one) => path === one || path.startsWith(`${one}.`) || path.startsWith(`${one}[`));
  const kept = Object.entries(diff.changes).filter(([path]) => !isIgnored(path));
  return { ...diff, changes: Object.fromEntries(kept) };
}

/** The resource's inputs in each partial failure. The engine must keep these inputs. */
const inputsOf = new WeakMap<Error, Properties>();

async function withInputs<T>(inputs: Properties, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error) inputsOf.set(error, inputs);
    throw error;
  }
}

const underWay = new Set<Promise<unknown>>();

async function idle(): Promise<void> {
  while (underWay.size > 0) await Promise.allSettled(underWay);
}

function unary<Q, A>(method: (request: Q) => A | Promise<A>): handleUnaryCall<Q, A> {
  return (call, callback) => {
    const work = Promise.resolve(call.request).then(method);
    underWay.add(work);
    void work
      .finally(() => underWay.delete(work))
      .then(
        (answer) => callback(null, answer),
        (error: unknown) => callback(errorStatus(error, inputsOf.get(error as Error) ?? {})),
      );
  };
}
