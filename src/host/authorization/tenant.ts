import { digestOf } from "../../model/digest.ts";
import type { HostRecord } from "../../model/host-record.ts";
import { parseJobWord } from "../../model/job.ts";
import type { MoveRequest } from "../../model/move.ts";
import type { ConvergeRequest, Request } from "../../model/protocol.ts";
import { agentOf } from "../../model/resource-id.ts";
import type { TenantScope } from "../../model/tenant-scope.ts";
import type { Host } from "../context.ts";
import { jobStatuses } from "../jobs/job-status.ts";
import { observe } from "../reconcile/observe.ts";
import { removeResource } from "../reconcile/remove.ts";
import { history } from "../reports/history.ts";
import { ps } from "../reports/ps.ts";
import { type Table, WRITERS } from "../serve.ts";
import { contentSource } from "../store/contents.ts";
import type { Authorizer } from "./authorizer.ts";
import { flawOf, isMap, OWNER, quoteValue, type Shape } from "./check-shape.ts";
import { bytesFlaw } from "./tenant-content.ts";
import { moveHandlers } from "./tenant-moves.ts";
import { type Ownership, ownership } from "./tenant-ownership.ts";
import { refuse } from "./tenant-refusal.ts";

/** Serves one tenant, which can reach only its own agents on the host. */
export const tenantAuthorizer: Authorizer<TenantScope> = (scope, account) => {
  const own = ownership(scope, account);
  const check = (request: TenantRequest, known: readonly HostRecord[] = []) =>
    checkRequest(scope, own, request, known);
  const checkConverge = (host: Host, request: ConvergeRequest, known: readonly HostRecord[]) => {
    check(request, known);
    own.checkFormer(host, request.formerly ?? []);
    const agent = own.agent(request.id);
    const bytes = contentSource(own.inside(host, known), request.contents);
    for (const item of Object.values(request.items)) {
      const flaw = agent && bytesFlaw(scope, agent, item, bytes);
      if (flaw !== undefined) refuse(scope, request.id, flaw);
    }
  };
  return {
    ...moveHandlers(scope, own),
    ps: (host, request) => {
      check(request);
      const foreign = request.units.find((unit) => !scope.agents.some((agent) => agent.unit === unit));
      if (foreign !== undefined)
        refuse(scope, quoteValue(foreign), "it is not a unit of this tenant's agents");
      return ps(host, request);
    },
    history: (host, request) => {
      check(request);
      const { events } = history(host, { op: "history", last: Number.POSITIVE_INFINITY });
      const names = new Set(scope.agents.map(({ name }) => name));
      const isAsked = (agent = "") => names.has(agent) && [undefined, agent].includes(request.agent);
      return { events: events.filter(({ agent }) => isAsked(agent)).slice(-request.last) };
    },
    jobs: (host, request) => {
      check(request);
      const names = new Set(scope.agents.map(({ name }) => name));
      const foreign = request.words.find((word) => !names.has(parseJobWord(word)?.agent ?? ""));
      if (foreign !== undefined)
        refuse(scope, quoteValue(foreign), "it is not a job of this tenant's agents");
      return jobStatuses(host, request);
    },
    control: (host, request) => {
      check(request);
      const isOwn = scope.agents.some(({ name, unit }) => name === request.agent && unit === request.unit);
      if (!isOwn) refuse(scope, quoteValue(request.agent), "it is not an agent of this tenant");
      return WRITERS.control(host, request);
    },
    observe: (host, request) => {
      const known = own.records(host);
      check(request, known);
      const theirs = known.filter(({ owner }) => owner === request.owner);
      const resources = request.resources ?? theirs.map(({ id, items }) => ({ id, items }));
      const users = new Set(scope.agents.map(({ user }) => user));
      const answer = observe(own.inside(host, known), { ...request, resources }, users);
      const { moves = [], ...rest } = answer;
      const mine = moves.filter(({ agent }) => known.some(({ id }) => agentOf(id) === agent));
      return {
        ...rest,
        recorded: known.map(({ id, owner }) => ({ id, owner })),
        ...(mine.length > 0 && { moves: mine }),
      };
    },
    converge: (host, request) => {
      const known = own.records(host);
      checkConverge(host, request, known);
      return WRITERS.converge(own.inside(host, known), request);
    },
    convergeAll: (host, requests) => {
      const known = own.records(host);
      const refusals = requests.map((request) => refusalOf(() => checkConverge(host, request, known)));
      const open = requests.filter((_, i) => refusals[i] === undefined);
      const answers = WRITERS.convergeAll(own.inside(host, known), open).values();
      return refusals.map((refusal) => refusal ?? (answers.next().value as Thunk));
    },
    remove: (host, request) => {
      const known = own.records(host);
      check(request, known);
      return removeResource(own.inside(host, known), request);
    },
  };
};

type Thunk = ReturnType<NonNullable<Table["convergeAll"]>>[number];

/** Runs a check. @returns undefined if the check passes; otherwise a thunk that throws the check's error */
function refusalOf(check: () => void): Thunk | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/** The requests checked in this file. Moves are checked in tenant-moves.ts; `machine` is for the platform. */
type TenantRequest = Exclude<Request, { op: "machine" } | MoveRequest>;

const NAME = /^[a-z0-9-]{1,40}$/;

/** The valid form of each kind of request. */
const FORMS: Readonly<Record<TenantRequest["op"], Shape>> = {
  ps: { op: "ps", units: Array.isArray },
  history: { op: "history", "agent?": NAME, last: isCount },
  jobs: { op: "jobs", words: isWords },
  control: { op: "control", verb: /^(start|stop|release)$/, agent: NAME, unit: /./, by: /^.{1,200}$/ },
  observe: {
    op: "observe",
    "resources?": Array.isArray,
    "owner?": OWNER,
    "contents?": isContents,
    "unmanaged?": true,
  },
  converge: {
    op: "converge",
    id: /./,
    type: /^\w{1,50}$/,
    owner: OWNER,
    "takesOver?": OWNER,
    items: isMap,
    contents: isContents,
    secrets: isTexts,
    "formerly?": isWords,
  },
  remove: { op: "remove", id: /./, owner: OWNER, items: isMap },
};

function checkRequest(
  scope: TenantScope,
  own: Ownership,
  request: TenantRequest,
  known: readonly HostRecord[],
): void {
  const flaw = flawOf(request, FORMS[request.op]);
  if (flaw !== undefined) refuse(scope, `a request to ${request.op}`, `it ${flaw}`);
  if (request.op === "ps" || request.op === "history" || request.op === "jobs") return;
  if (request.op === "control") return;
  const resources = request.op === "observe" ? (request.resources ?? []) : [request];
  for (const { id, items } of resources) own.check(id, items, known, request.op === "converge");
}

/**
 * Whether all contents match their digests. A client that sends contents with the digest of another tenant's
 * bytes could otherwise read those bytes later.
 */
function isContents(value: unknown): boolean {
  return isTexts(value) && Object.entries(value).every(([digest, text]) => digestOf(text) === digest);
}

function isWords(value: unknown): boolean {
  return Array.isArray(value) && value.every((word) => typeof word === "string");
}

function isCount(value: unknown): boolean {
  return typeof value === "number" && Number.isInteger(value) && value > 0;
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  return isMap(value) && Object.values(value).every((text) => typeof text === "string");
}
