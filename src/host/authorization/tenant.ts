import { digestOf } from "../../model/digest.ts";
import type { HostRecord } from "../../model/host-record.ts";
import { parseJobWord } from "../../model/job.ts";
import type { MoveRequest } from "../../model/move.ts";
import {
  CONTROL_VERBS,
  type ConvergeRequest,
  type Request,
  type TerminalRequest,
} from "../../model/protocol.ts";
import { agentOf } from "../../model/resource-id.ts";
import type { TenantScope } from "../../model/tenant-scope.ts";
import type { Host } from "../context.ts";
import { jobStatuses } from "../jobs/job-status.ts";
import { observe } from "../reconcile/observe.ts";
import { removeResource } from "../reconcile/remove.ts";
import { history } from "../reports/history.ts";
import { ledgers } from "../reports/ledgers.ts";
import { ps } from "../reports/ps.ts";
import { uptimes } from "../reports/uptimes.ts";
import { usage } from "../reports/usage.ts";
import { type Table, WRITERS } from "../serve.ts";
import { contentSource } from "../store/contents.ts";
import type { Authorizer } from "./authorizer.ts";
import { flawOf, isMap, OWNER, quoteValue, type Shape } from "./check-shape.ts";
import { repeatedAmong } from "./read.ts";
import { bytesFlaw } from "./tenant-content.ts";
import { moveHandlers } from "./tenant-moves.ts";
import { type Ownership, ownership } from "./tenant-ownership.ts";
import { refuse } from "./tenant-refusal.ts";
import { terminalHandlers } from "./tenant-terminals.ts";

/** Serves the requests of one tenant. The tenant can access only its own agents on the host. */
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
    ...terminalHandlers(scope, account),
    ps: (host, request) => {
      check(request);
      const foreign = request.units.find((unit) => !scope.agents.some((agent) => agent.unit === unit));
      if (foreign !== undefined)
        refuse(scope, quoteValue(foreign), "it is not a unit of this tenant's agents");
      return ps(host, request, new Set(scope.agents.map(({ user }) => user)));
    },
    history: (host, request) => {
      check(request);
      const wanted = { ...(request.uptimes && { uptimes: request.uptimes }), last: Number.POSITIVE_INFINITY };
      const { events, uptimes } = history(host, { op: "history", ...wanted });
      const names = new Set(scope.agents.map(({ name }) => name));
      const isAsked = (agent = "") => names.has(agent) && [undefined, agent].includes(request.agent);
      return {
        events: events.filter(({ agent }) => isAsked(agent)).slice(-request.last),
        ...(uptimes && { uptimes: uptimes.filter(({ agent }) => isAsked(agent)) }),
      };
    },
    usage: (host, request) => {
      check(request);
      const all = usage(host, request);
      const isOwn = ({ agent }: { readonly agent: string }) =>
        scope.agents.some(({ name }) => name === agent);
      return { usage: all.usage.filter(isOwn), parked: all.parked.filter(isOwn) };
    },
    ledgers: (host, request) => {
      check(request);
      const ids = new Set(own.records(host).map(({ id }) => id));
      const all = Object.entries(ledgers(host).ledgers);
      return { ledgers: Object.fromEntries(all.filter(([id]) => ids.has(id))) };
    },
    uptimes: async (host, request) => {
      check(request);
      const names = new Set(scope.agents.map(({ name }) => name));
      const answer = await uptimes(host, request);
      return { uptimes: answer.uptimes.filter(({ agent }) => names.has(agent)) };
    },
    resolve: (host, request) => {
      check(request);
      if (!own.records(host).some(({ id }) => id === request.resource))
        refuse(scope, quoteValue(request.resource), "it is not a resource of this tenant");
      return WRITERS.resolve(host, request);
    },
    contacts: (host, request) => {
      check(request);
      if (!own.records(host).some(({ id }) => id === request.resource))
        refuse(scope, quoteValue(request.resource), "it is not a resource of this tenant");
      return WRITERS.contacts(host, request);
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
      const { moves = [], repeated: _, ...rest } = answer;
      const mine = moves.filter(({ agent }) => known.some(({ id }) => agentOf(id) === agent));
      return {
        ...rest,
        recorded: known.map(({ id, owner }) => ({ id, owner })),
        ...(mine.length > 0 && { moves: mine }),
        ...repeatedAmong(answer, known),
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

/**
 * Runs a check.
 *
 * @returns undefined if the check passes; otherwise a function that throws the check's error
 */
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

/**
 * The requests that are checked in this file. Requests of a move are checked in tenant-moves.ts, and requests about
 * terminals in tenant-terminals.ts. Only the platform can send `machine` and the requests that install runtimes.
 */
type TenantRequest = Exclude<
  Request,
  { op: "machine" | "install" | "supply" | "commit" } | MoveRequest | TerminalRequest
>;

const NAME = /^[a-z0-9-]{1,40}$/;

/** The valid form of each kind of request. */
const FORMS: Readonly<Record<TenantRequest["op"], Shape>> = {
  ps: { op: "ps", units: Array.isArray, "unmanaged?": true },
  history: { op: "history", "agent?": NAME, last: isCount, "uptimes?": true },
  usage: { op: "usage", from: /^\d{4}-\d\d-\d\d$/ },
  ledgers: { op: "ledgers" },
  uptimes: { op: "uptimes", at: /^[\dT:.Z-]{20,24}$/, days: isCount },
  jobs: { op: "jobs", words: isWords },
  resolve: {
    op: "resolve",
    resource: /^.{1,200}$/,
    id: /^[0-9a-f]{8}$/,
    by: /^.{1,200}$/,
    why: /^.{1,1000}$/,
  },
  contacts: { op: "contacts", resource: /^.{1,200}$/, "merge?": /^sha256:[0-9a-f]{64}$/ },
  control: {
    op: "control",
    verb: new RegExp(`^(${CONTROL_VERBS.join("|")})$`),
    agent: NAME,
    unit: /./,
    by: /^.{1,200}$/,
    "within?": isCount,
  },
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
    "by?": /^.{1,200}$/,
    "run?": /^[\w:.-]{1,100}$/,
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
  if (request.op === "control" || request.op === "ledgers") return;
  if (request.op === "usage" || request.op === "uptimes") return;
  if (request.op === "resolve" || request.op === "contacts") return;
  const resources = request.op === "observe" ? (request.resources ?? []) : [request];
  for (const { id, items } of resources) own.check(id, items, known, request.op === "converge");
}

/**
 * Whether all contents match their digests. Without this check, a client could send contents with the digest
 * of another tenant's bytes, and read those bytes later.
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
