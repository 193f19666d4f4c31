import type { handleUnaryCall, UntypedServiceImplementation } from "@grpc/grpc-js";
import plugin_pb from "@pulumi/pulumi/proto/plugin_pb.js";
import provider_pb from "@pulumi/pulumi/proto/provider_pb.js";
import empty_pb from "google-protobuf/google/protobuf/empty_pb.js";
import { MusterError } from "../../base/errors.ts";
import type { ProviderFunction, Report } from "../functions/provider-function.ts";
import type { Handler, HandlerCall } from "../handlers/handler.ts";
import type { Config } from "../resolve-secrets.ts";
import type { InFlight } from "../running-requests.ts";
import { checkedConfig, configOf, configured, diffedConfig } from "./config.ts";
import type { EngineLog } from "./engine.ts";
import { checkResponse, createResponse, diffResponse, readResponse, updateResponse } from "./responses.ts";
import { toStatus } from "./status.ts";
import { decode, encode } from "./struct.ts";
import { parseUrn } from "./urn.ts";

/** The objects that the gRPC service needs to answer requests. */
export interface Provider {
  readonly version: string;
  /** The handlers, by the token of the type. */
  readonly handlers: Readonly<Record<string, Handler>>;
  /** The functions that the program can call, by token. */
  readonly functions: Readonly<Record<string, ProviderFunction>>;
  readonly gate: InFlight;
  readonly engine: EngineLog;
  configure(config: Config): void;
}

/** Returns the methods of pulumirpc.ResourceProvider that Muster implements. All other methods return UNIMPLEMENTED. */
export function serviceOf(provider: Provider): UntypedServiceImplementation {
  return { ...lifecycle(provider), ...plans(provider), ...operations(provider) };
}

function lifecycle({ version, gate, engine, configure }: Provider): UntypedServiceImplementation {
  return {
    handshake: unary((request: provider_pb.ProviderHandshakeRequest) => {
      engine.attach(request.getEngineAddress());
      return new provider_pb.ProviderHandshakeResponse().setAcceptSecrets(true);
    }),
    attach: unary((request: plugin_pb.PluginAttach) => {
      engine.attach(request.getAddress());
      return new empty_pb.Empty();
    }),
    getPluginInfo: unary(() => new plugin_pb.PluginInfo().setVersion(version)),
    getSchema: unary(() => new provider_pb.GetSchemaResponse().setSchema("{}")),
    checkConfig: unary(checkedConfig),
    diffConfig: unary(diffedConfig),
    configure: unary((request: provider_pb.ConfigureRequest) => {
      configure(configOf(request));
      return configured();
    }),
    cancel: unary(() => {
      gate.close();
      return new empty_pb.Empty();
    }),
  };
}

/** Returns the methods that the engine calls to plan a run. None of these methods contacts a host. */
function plans(provider: Provider): UntypedServiceImplementation {
  return {
    check: unary(async (request: provider_pb.CheckRequest) => {
      const { handler, call } = route(provider, request);
      return checkResponse(await handler.check(call, decode(request.getNews())));
    }),
    diff: unary((request: provider_pb.DiffRequest) => {
      const { handler, call } = route(provider, request);
      return diffResponse(handler.diff(call, decode(request.getOlds()), decode(request.getNews())));
    }),
  };
}

/**
 * Returns the methods that contact hosts. In a preview of a create or an update, only the handler's `preview`
 * is called.
 */
function operations(provider: Provider): UntypedServiceImplementation {
  const enter = <Q, A>(work: (request: Q) => Promise<A>) => {
    return unary((request: Q) => provider.gate.enter(() => work(request)));
  };
  return {
    create: enter(async (request: provider_pb.CreateRequest) => {
      const { handler, call } = route(provider, request);
      const news = decode(request.getProperties());
      if (request.getPreview()) await handler.preview?.(call, news);
      const state = request.getPreview() ? news : await handler.create(call, news);
      return createResponse(handler.id(news), state);
    }),
    read: enter(async (request: provider_pb.ReadRequest) => {
      const { handler, call } = route(provider, request);
      const recorded = { inputs: decode(request.getInputs()), state: decode(request.getProperties()) };
      return readResponse(request.getId(), await handler.read(call, request.getId(), recorded));
    }),
    update: enter(async (request: provider_pb.UpdateRequest) => {
      const { handler, call } = route(provider, request);
      const [news, state] = [decode(request.getNews()), decode(request.getOlds())];
      if (request.getPreview()) await handler.preview?.(call, news, state);
      return updateResponse(request.getPreview() ? news : await handler.update(call, news, state));
    }),
    invoke: enter(async (request: provider_pb.InvokeRequest) => {
      const call = provider.functions[request.getTok()];
      if (call === undefined) throw unknownFunction(request.getTok());
      const report: Report = (sentence, severity = "warning") => provider.engine.log(severity, sentence, "");
      return new provider_pb.InvokeResponse().setReturn(
        encode(await call(decode(request.getArgs()), report)),
      );
    }),
    delete: enter(async (request: provider_pb.DeleteRequest) => {
      const { handler, call } = route(provider, request);
      await handler.delete(call, decode(request.getProperties()));
      return new empty_pb.Empty();
    }),
  };
}

function route(provider: Provider, request: { getUrn(): string }): { handler: Handler; call: HandlerCall } {
  const urn = parseUrn(request.getUrn());
  const handler = provider.handlers[urn.token];
  if (handler === undefined) {
    const why = `this version of Muster has no type ${urn.token}.`;
    throw new MusterError({
      what: `${urn.name} cannot be handled`,
      why,
      next: "Use the version of Muster that created it.",
    });
  }
  return { handler, call: { urn, log: (severity, text) => provider.engine.log(severity, text, urn.text) } };
}

function unknownFunction(token: string): MusterError {
  const next = "Use the same version of Muster for the program and the provider.";
  return new MusterError({
    what: `${token} cannot be called`,
    why: "this version of Muster has no such function.",
    next,
  });
}

function unary<Q, A>(method: (request: Q) => A | Promise<A>): handleUnaryCall<Q, A> {
  return (call, callback) => {
    Promise.resolve(call.request)
      .then(method)
      .then(
        (answer) => callback(null, answer),
        (error: unknown) => callback(toStatus(error)),
      );
  };
}
