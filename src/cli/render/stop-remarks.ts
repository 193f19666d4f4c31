import type { KeptStopped } from "../observe/unit-label.ts";

/** Returns a sentence for each reason why an agent or service is kept stopped, and a sentence if it is on hold. */
export function stopRemarks(name: string, row: KeptStopped & { readonly held?: string }): string[] {
  const { quarantine, paused, pausedSince, held } = row;
  return [
    ...(quarantine
      ? [`${name} is in quarantine: ${quarantine.reason}. \`npx fleet release ${name}\` releases it.`]
      : []),
    ...(paused
      ? [`${name} was paused by ${paused} at ${pausedSince}. \`npx fleet resume ${name}\` starts it.`]
      : []),
    ...(held ? [`${name}: the deadman does not act on it: ${held}.`] : []),
  ];
}
