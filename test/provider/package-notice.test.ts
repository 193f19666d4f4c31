import { expect, test } from "vitest";
import { packageNotice } from "../../src/provider/handlers/items/preview-notices.ts";
import type { Properties } from "../../src/provider/wire/values.ts";
import { inputsOf } from "./rig.ts";

const item = (name: string) => ({ kind: "package", name, want: { present: true } }) as const;
const news = inputsOf("hub/host", { tmux: item("tmux"), git: item("git") }) as Properties;

test("the preview lists the packages that an update installs", () => {
  const observed = { tmux: { props: { present: false } }, git: { props: { present: true } } };
  expect(packageNotice(news, observed)).toBe("hub: `up` installs these packages with apt: tmux.");
  const both = { ...observed, tmux: { props: { present: true } } };
  expect(packageNotice(news, both)).toBeUndefined();
});

test("the preview lists all packages of a host on which nothing is installed yet", () => {
  expect(packageNotice(news, undefined)).toBe(
    "hub: `up` installs these packages with apt, unless they are installed already: tmux, git.",
  );
});
