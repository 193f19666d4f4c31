import { readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { type Fault, scripted } from "./fault.ts";

const BAD_LINK = readFileSync(join(import.meta.dirname, "..", "bad-link.ts"), "utf8");

/** A neighbour entry that makes this machine drop every packet, like a router for a host that is powered off. */
const NOBODY = ["lladdr", "02:00:00:00:00:01", "dev", "muster0", "nud", "permanent"];

const poweredOff: Fault = {
  name: "powered off",
  effect: "unreachable",
  says: /Connection timed out/,
  connectTimeout: 2,
  begin: async (hosts, host) => {
    await hosts.powerOff(host);
    await execa("ip", ["neighbour", "replace", hosts.address(host), ...NOBODY]);
  },
  end: async (hosts, host) => {
    await execa("ip", ["neighbour", "delete", hosts.address(host), "dev", "muster0"]);
    await hosts.powerOn(host);
  },
};

const noRoute: Fault = {
  name: "no route",
  effect: "unreachable",
  says: /No route to host/,
  begin: (hosts, host) => execa("ip", ["route", "add", "unreachable", `${hosts.address(host)}/32`]),
  end: (hosts, host) => execa("ip", ["route", "delete", "unreachable", `${hosts.address(host)}/32`]),
};

const refused = scripted({
  name: "refused",
  effect: "unreachable",
  says: /Connection refused/,
  begin: "systemctl stop ssh",
  end: "systemctl start ssh",
});

export const network: readonly Fault[] = [
  poweredOff,
  noRoute,
  refused,
  badLink("silent after connect", "silent", {
    effect: "unreachable",
    says: /timed out|did not answer within/,
    connectTimeout: 2,
  }),
  badLink("cut in mid-run", "cut", { effect: "unreachable", says: /the connection was lost/ }),
  badLink("silent in mid-run", "stall", {
    effect: "unreachable",
    // On a busy machine, the link can become silent before the session has begun.
    says: /the connection was lost: it stopped responding|it did not answer within 4 s/,
    connectTimeout: 4,
  }),
  badLink("slow (300 ms, 5 % loss)", "slow", { effect: "none" }),
];

function badLink(name: string, mode: string, what: Pick<Fault, "effect" | "says" | "connectTimeout">): Fault {
  return scripted({
    name,
    ...what,
    begin: `
      cat > /root/bad-link.ts <<'END_OF_LINK'
${BAD_LINK}
END_OF_LINK
      systemctl stop ssh
      systemd-run --quiet --unit=bad-link /usr/local/lib/muster/node-*/node /root/bad-link.ts ${mode}
      until ss -Hltn 'sport = :22' | grep -q .; do sleep 0.1; done`,
    end: "systemctl stop bad-link || true; systemctl start ssh",
  });
}
