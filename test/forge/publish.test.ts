import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { forgeOf } from "../../src/forge/forge-client.ts";
import { publishComment, publishIssue } from "../../src/forge/publish.ts";
import { type ForgeDouble, type Issue, startForge } from "../doubles/forge.ts";

describe.each(["github", "gitea"] as const)("the publication on %s", (flavor) => {
  let forge: ForgeDouble;

  beforeEach(async () => {
    forge = await startForge(flavor);
  });

  afterEach(() => forge.stop());

  const issue = (body: string, open = true, about = "drift of ") =>
    publishIssue(forgeOf(forge.env), { about, title: "Drift of arc", body, open });
  const comment = (body: string, about = "change of ") =>
    publishComment(forgeOf(forge.env), 7, { about, body });
  const writes = () => forge.requests.filter((one) => !one.startsWith("GET"));

  /** Returns an issue of another user. The text of this issue can contain Muster's mark. */
  function foreign(number: number, body: string): Issue {
    const user = { login: "mallory" };
    return { id: number, number, title: "t", body, state: "open", user, pull_request: null };
  }

  test("opens one issue, updates it, and closes it when no drift is left", async () => {
    await issue("one");
    await issue("two");
    expect(forge.issues).toMatchObject([{ title: "Drift of arc", state: "open" }]);
    expect(forge.issues[0]?.body).toMatch(/^<!-- muster: .* -->\ntwo$/);
    await issue("no drift", false);
    expect(forge.issues).toMatchObject([{ state: "closed", body: expect.stringMatching(/no drift$/) }]);
    await issue("again");
    expect(forge.issues.map((one) => one.state)).toEqual(["closed", "open"]);
  });

  test("writes nothing if the text is unchanged, or if there is nothing to report", async () => {
    await issue("no drift", false);
    await issue("one");
    const before = writes().length;
    await issue("one");
    expect([before, writes().length]).toEqual([1, 1]);
  });

  test("finds its own issue among hundreds of issues", async () => {
    await issue("one");
    for (let number = 1; number <= 230; number += 1) forge.issues.unshift(foreign(number, "theirs"));
    await issue("two");
    expect(forge.issues).toHaveLength(231);
    expect(forge.issues.at(-1)?.body).toMatch(/two$/);
  });

  test("does not change another user's issue or pull request, even if the text contains Muster's mark", async () => {
    await issue("one");
    const mark = forge.issues[0]?.body ?? "";
    forge.issues.unshift(foreign(1, mark));
    forge.issues.unshift({ ...(forge.issues.at(-1) as Issue), id: 2, number: 2, pull_request: {} });
    await issue("two");
    expect(forge.issues.map((one) => one.body === mark)).toEqual([true, true, false]);
  });

  test("closes the second of two issues that were opened at the same time", async () => {
    await issue("one");
    forge.issues.push({ ...(forge.issues[0] as Issue), id: 9000, number: 9000 });
    await issue("two");
    expect(forge.issues.map((one) => one.state)).toEqual(["open", "closed"]);
  });

  test("keeps a separate issue for each fleet of a repository", async () => {
    await issue("one", true, "drift of a");
    await issue("one", true, "drift of b-->");
    await issue("none", false, "drift of a");
    expect(forge.issues.map((one) => one.state)).toEqual(["closed", "open"]);
  });

  test("keeps only one comment of its own on a pull request with hundreds of comments", async () => {
    await comment("one");
    const user = { login: "mallory" };
    for (let id = 1; id <= 120; id += 1) forge.comments.unshift({ id, on: 7, body: "theirs", user });
    await comment("two");
    await comment("two");
    const own = forge.comments.filter((one) => one.user.login !== "mallory");
    expect(own).toMatchObject([{ on: 7, body: expect.stringMatching(/two$/) }]);
    expect(writes()).toHaveLength(2);
  });

  test.each([
    [401, "it does not accept the token"],
    [403, "under `permissions:`"],
    [404, "there is no such repository"],
    [422, "it rejects the text"],
    [451, "this status is not expected"],
  ])(
    "explains status %i in an error, does not retry, and does not print the token",
    async (status, sentence) => {
      forge.fail(9, status);
      const error = await issue("one").catch((caught: Error) => caught);
      expect(String(error)).toContain(sentence);
      expect(String(error)).toContain(`${status} (no: ${status})`);
      expect(String(error)).not.toContain("a-token-of-the-job");
      expect(forge.requests).toHaveLength(1);
    },
  );

  test.each([429, 403, 500, 502, 503])("retries after status %i and eventually gives up", async (status) => {
    const later = { "retry-after": "0" };
    forge.fail(2, status, later);
    await issue("one");
    expect(forge.issues).toHaveLength(1);
    forge.fail(99, status, later);
    await expect(issue("two")).rejects.toThrow("accepts no more requests");
  });

  test("opens no second issue if the response to the first request was lost", async () => {
    forge.dropAnswer();
    await issue("one");
    expect(forge.issues).toHaveLength(1);
    expect(forge.requests.filter((one) => one.startsWith("POST"))).toHaveLength(1);
  });

  test("reports that the forge has not responded", async () => {
    const env = { ...forge.env, GITHUB_API_URL: "http://127.0.0.1:9" };
    const page = { about: "drift", title: "t", body: "b", open: true };
    await expect(publishIssue(forgeOf(env), page)).rejects.toThrow(/it did not answer/);
  });
});

test("the error of a publication outside a workflow names the missing variable", () => {
  expect(() => forgeOf({})).toThrow("GITHUB_API_URL is not set");
});
