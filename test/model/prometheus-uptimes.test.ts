import { expect, test } from "vitest";
import { prometheusUptimes } from "../../src/model/prometheus-uptimes.ts";

const AT = "2026-11-30T12:00:00Z";

/** Answers the queries of each day with these numbers of minutes, by the first metric in the query. */
function answering(minutes: (date: string, metric: string) => Readonly<Record<string, number>>) {
  const queries: string[] = [];
  const ask = async (path: string) => {
    const search = new URLSearchParams(path.replace("api/v1/query?", ""));
    const query = search.get("query") ?? "";
    queries.push(query);
    const date = new Date(Number(search.get("time")) * 1000).toISOString().slice(0, 10);
    const metric = /max\(up\)|muster_agent_(up|busy|paused)/.exec(query)?.[0] ?? "";
    const rows = Object.entries(minutes(date, query.startsWith("count") ? `count ${metric}` : metric));
    const result = rows.map(([agent, value]) => ({
      ...{ metric: agent === "" ? {} : { agent }, value: [0, `${value}`] },
    }));
    return JSON.stringify({ status: "success", data: { resultType: "vector", result } });
  };
  return { ask, queries };
}

test("an agent is measured from its first day, and a day without Prometheus is unknown", async () => {
  const measured: Record<string, number> = { "2026-11-28": 1440, "2026-11-29": 0, "2026-11-30": 721 };
  const { ask } = answering((date, metric) => {
    if (metric === "count max(up)") return { "": measured[date] ?? 1440 };
    if (date < "2026-11-28") return {};
    if (metric === "count muster_agent_up") return { iris: date === "2026-11-28" ? 600 : 721 };
    return metric === "muster_agent_up" ? { iris: 300 } : {};
  });
  const none = { agent: "iris", busy: 0, paused: 0, from: 0 };
  expect(await prometheusUptimes(ask, AT, 4)).toEqual([
    { ...none, date: "2026-11-28", up: 18_000, unknown: 840 * 60 },
    { ...none, date: "2026-11-29", up: 0, unknown: 86_400 },
    { ...none, date: "2026-11-30", up: 18_000, unknown: 0 },
  ]);
});

test("the queries cover only the part of a day that has passed", async () => {
  const { ask, queries } = answering(() => ({ "": 1 }));
  await prometheusUptimes(ask, AT, 2);
  expect(queries.filter((query) => query.includes("[86399s:60s]"))).toHaveLength(5);
  expect(queries.filter((query) => query.includes("[43200s:60s]"))).toHaveLength(5);
});

test.each([
  ['{"status":"error","error":"query timed out"}', /did not answer the query: query timed out/],
  ["<html>\u001b[2J", /begins with "<html>.*which is not an answer of Prometheus/],
  ["null", /which is not an answer of Prometheus/],
])("the answer %j is an error", async (body, message) => {
  const answer = prometheusUptimes(async () => body, AT, 1);
  await expect(answer).rejects.toThrow(message);
});
