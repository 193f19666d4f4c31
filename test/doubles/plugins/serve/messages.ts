import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import provider_pb from "@pulumi/pulumi/proto/provider_pb.js";
import status_pb from "@pulumi/pulumi/proto/status_pb.js";
import any_pb from "google-protobuf/google/protobuf/any_pb.js";
import { type Actual, type Checked, type Diff, type Made, PartialError } from "./plugin.ts";
import { encode, type Properties } from "./values.ts";

const { PropertyDiff, DiffResponse } = provider_pb;

const KINDS = {
  add: [PropertyDiff.Kind.ADD, PropertyDiff.Kind.ADD_REPLACE],
  delete: [PropertyDiff.Kind.DELETE, PropertyDiff.Kind.DELETE_REPLACE],
  update: [PropertyDiff.Kind.UPDATE, PropertyDiff.Kind.UPDATE_REPLACE],
} as const;

export function checkMessage({ inputs, failures }: Checked): provider_pb.CheckResponse {
  const message = new provider_pb.CheckResponse().setInputs(encode(inputs));
  for (const { property, reason } of failures) {
    message.addFailures(new provider_pb.CheckFailure().setProperty(property).setReason(reason));
  }
  return message;
}

export function diffMessage({ changes, deleteBeforeReplace }: Diff): provider_pb.DiffResponse {
  const paths = Object.keys(changes);
  const { DIFF_SOME, DIFF_NONE } = DiffResponse.DiffChanges;
  const message = new DiffResponse()
    .setChanges(paths.length > 0 ? DIFF_SOME : DIFF_NONE)
    .setHasdetaileddiff(true)
    .setDiffsList([...new Set(paths.map((path) => path.replace(/[.[].*$/s, "")))]);
  for (const [path, { kind, replace }] of Object.entries(changes)) {
    message.getDetaileddiffMap().set(path, new PropertyDiff().setKind(KINDS[kind][replace ? 1 : 0]));
    if (replace) message.addReplaces(path.replace(/[.[].*$/s, ""));
  }
  message.setDeletebeforereplace(deleteBeforeReplace && message.getReplacesList().length > 0);
  return message;
}

export function createMessage({ id, state }: Made): provider_pb.CreateResponse {
  return new provider_pb.CreateResponse().setId(id).setProperties(encode(state));
}

export function updateMessage(state: Properties): provider_pb.UpdateResponse {
  return new provider_pb.UpdateResponse().setProperties(encode(state));
}

/** Returns the response to a read. An empty ID means that the resource does not exist. */
export function readMessage(actual: Actual | undefined): provider_pb.ReadResponse {
  const message = new provider_pb.ReadResponse();
  if (actual === undefined) return message;
  return message.setId(actual.id).setInputs(encode(actual.inputs)).setProperties(encode(actual.state));
}

/** @param inputs the inputs that the engine keeps in the state of a resource that was created only in part */
export function errorStatus(error: unknown, inputs: Properties): Partial<ServiceError> {
  const words = error instanceof Error ? error.message : String(error);
  if (!(error instanceof PartialError)) return { code: status.UNKNOWN, details: words };
  const failed = new provider_pb.ErrorResourceInitFailed()
    .setId(error.made.id)
    .setInputs(encode(inputs))
    .setProperties(encode(error.made.state))
    .setReasonsList([words]);
  const any = new any_pb.Any();
  any.pack(failed.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const details = new status_pb.Status();
  details.setCode(status.UNKNOWN);
  details.setMessage(words);
  details.setDetailsList([any]);
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from(details.serializeBinary()));
  return { code: status.UNKNOWN, details: words, metadata };
}
