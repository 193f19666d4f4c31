import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packageRoot } from "../../src/base/muster-folders.ts";
import { dayBefore, PHASE_DAYS, type ReportSnapshot } from "../../src/cli/report/phase-report.ts";
import { openBrowser, type Page } from "./support/browser.ts";

const AT = "2026-11-30T12:00:00Z";

const AGENTS = ["iris", "loom", "a-very-long-name-of-an-agent-0123456789", "<img src=http://evil.example/x>"];

/** A fleet whose agents have every kind of day, so that each colour of the plots is on the page. */
const SNAPSHOT: ReportSnapshot = {
  ...{ version: 1, fleet: "timmy", at: AT, operational: true },
  agents: AGENTS.map((agent, i) => ({
    agent,
    days: Array.from({ length: PHASE_DAYS - i }, (_, ago) => ({
      date: dayBefore(AT, ago),
      ...{ uptime: (ago * 17 + i * 40) % 101, capacity: (ago * 29 + i * 10) % 101 },
    })),
  })),
  drift: [2, 7, 40].map((findings, i) => ({ date: dayBefore(AT, i * 9), findings })),
  missing: ["<script src='http://evil.example/x.js'></script>", `a long word: ${"0123456789".repeat(12)}`],
};

/**
 * Returns each text on the page with its contrast, as defined in WCAG 2. The colour behind a text is the background of
 * its nearest element that has one.
 */
const CONTRASTS = `(() => {
  const parse = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const light = (c) => { const s = c / 255; return s <= 0.03928 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4; };
  const luminance = ([r, g, b]) => 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b);
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = parse(getComputedStyle(one).backgroundColor);
      if ((colour[3] ?? 1) > 0) return colour;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll("body *")].filter((one) =>
    [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "")).map((one) => {
      const [a, b] = [luminance(parse(getComputedStyle(one).color)), luminance(behind(one))];
      return { text: one.textContent.slice(0, 30), ratio: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) };
    });
})()`;

let page: Page;
const folder = mkdtempSync(join(tmpdir(), "muster-report-page-"));
const file = join(folder, "report.html");

beforeAll(async () => {
  const snapshot = join(folder, "snapshot.json");
  writeFileSync(snapshot, JSON.stringify(SNAPSHOT));
  await execa(join(packageRoot(), "bin/fleet"), [
    ...["report", "--snapshot", snapshot, "--html", "--output", file],
  ]);
  page = await openBrowser();
});

afterAll(async () => {
  await page?.close();
  rmSync(folder, { recursive: true });
});

describe.each(["light", "dark"])("the HTML report in a real browser, in the %s scheme", (scheme) => {
  test.each([360, 1440])("is readable at a width of %i pixels", async (width) => {
    await page.send("Emulation.setEmulatedMedia", {
      features: [{ name: "prefers-color-scheme", value: scheme }],
    });
    await page.send("Emulation.setDeviceMetricsOverride", {
      ...{ width, height: 800, deviceScaleFactor: 1, mobile: width < 500 },
    });
    await page.open(file);
    const hidden = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
    expect(await page.evaluate<number>(hidden)).toBe(0);
    const background = await page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
    expect(background).toBe(scheme === "light" ? "rgb(255, 255, 255)" : "rgb(20, 23, 26)");
    const texts = await page.evaluate<{ text: string; ratio: number }[]>(CONTRASTS);
    expect(texts.length).toBeGreaterThan(200);
    expect(texts.filter(({ ratio }) => ratio < 4.5)).toEqual([]);
    await savePicture(`${scheme}-${width}`);
  });
});

test("the HTML report plots each agent and day, and the drift of each day", async () => {
  await page.open(file);
  const count = (selector: string) =>
    page.evaluate<number>(`document.querySelectorAll(${JSON.stringify(selector)}).length`);
  expect(await count("tr.agent")).toBe(2 * AGENTS.length);
  expect(await count("tr.agent td")).toBe(2 * AGENTS.length * PHASE_DAYS);
  expect(await count(".bars li")).toBe(PHASE_DAYS);
  const heights = await page.evaluate<number[]>(
    "[...document.querySelectorAll('.bars span')].map((one) => Math.round(one.getBoundingClientRect().height))",
  );
  const bars = heights.filter((height) => height > 1);
  expect(bars).toHaveLength(3);
  expect(Math.max(...bars)).toBeGreaterThan(5 * Math.min(...bars));
});

test("the HTML report requests nothing, and causes no message in the console", async () => {
  expect(new Set(page.requests)).toEqual(new Set([`file://${file}`]));
  expect(page.messages).toEqual([]);
  expect(await page.evaluate<number>("document.querySelectorAll('img, script').length")).toBe(0);
});

/** Writes a picture of the page to the folder in MUSTER_PICTURES, so that a person can look at the page. */
async function savePicture(name: string): Promise<void> {
  const pictures = process.env["MUSTER_PICTURES"];
  if (pictures === undefined) return;
  const { data } = await page.send("Page.captureScreenshot", { captureBeyondViewport: true });
  writeFileSync(join(pictures, `${name}.png`), Buffer.from(String(data), "base64"));
}
