import provider_pb from "@pulumi/pulumi/proto/provider_pb.js";
import type { ActualState, CheckedInputs, PropertyDiff, PropertyDiffs } from "../handlers/handler.ts";
import { encode } from "./struct.ts";
import type { Properties } from "./values.ts";

const KINDS = {
  add: [provider_pb.PropertyDiff.Kind.ADD, provider_pb.PropertyDiff.Kind.ADD_REPLACE],
  update: [provider_pb.PropertyDiff.Kind.UPDATE, provider_pb.PropertyDiff.Kind.UPDATE_REPLACE],
  delete: [provider_pb.PropertyDiff.Kind.DELETE, provider_pb.PropertyDiff.Kind.DELETE_REPLACE],
} as const;

export function checkResponse({ inputs, failures }: CheckedInputs): provider_pb.CheckResponse {
  const response = new provider_pb.CheckResponse();
  response.setInputs(encode(inputs));
  for (const { property, reason } of failures) {
    const failure = new provider_pb.CheckFailure();
    failure.setProperty(property);
    failure.setReason(reason);
    response.addFailures(failure);
  }
  return response;
}

export function diffResponse(changes: PropertyDiffs): provider_pb.DiffResponse {
  const response = new provider_pb.DiffResponse();
  const paths = Object.keys(changes);
  const { DIFF_SOME, DIFF_NONE } = provider_pb.DiffResponse.DiffChanges;
  response.setChanges(paths.length > 0 ? DIFF_SOME : DIFF_NONE);
  response.setHasdetaileddiff(true);
  for (const [path, change] of Object.entries(changes)) {
    response.getDetaileddiffMap().set(path, propertyDiff(change));
    if (change.replace) response.addReplaces(path);
  }
  response.setDiffsList([...new Set(paths.map((path) => path.replace(/[.[].*$/s, "")))]);
  return response;
}

/** `inputDiff` stays false, because the old values are from the observed state, not from the last inputs. */
function propertyDiff({ kind, replace }: PropertyDiff): provider_pb.PropertyDiff {
  const diff = new provider_pb.PropertyDiff();
  diff.setKind(KINDS[kind][replace ? 1 : 0]);
  diff.setInputdiff(false);
  return diff;
}

export function createResponse(id: string, state: Properties): provider_pb.CreateResponse {
  const response = new provider_pb.CreateResponse();
  response.setId(id);
  response.setProperties(encode(state));
  response.setRefreshBeforeUpdate(true);
  return response;
}

export function updateResponse(state: Properties): provider_pb.UpdateResponse {
  const response = new provider_pb.UpdateResponse();
  response.setProperties(encode(state));
  response.setRefreshBeforeUpdate(true);
  return response;
}

/** Returns the response to a read. An empty id means that the resource no longer exists. */
export function readResponse(id: string, actual: ActualState | undefined): provider_pb.ReadResponse {
  const response = new provider_pb.ReadResponse();
  response.setRefreshBeforeUpdate(true);
  if (actual === undefined) return response;
  response.setId(id);
  response.setInputs(encode(actual.inputs));
  response.setProperties(encode(actual.state));
  return response;
}
