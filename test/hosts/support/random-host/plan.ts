import { type Draw, drawFrom } from "../random.ts";
import { belongingsOf } from "./belongings.ts";
import { DECLARED_WAYS } from "./declared-ways.ts";
import { elsewhereService, LISTED_WAYS } from "./listed-ways.ts";
import {
  AGENT,
  type IdentityTexts,
  literal,
  type Person,
  type Planted,
  type PlantedAgent,
  type PlantedRights,
} from "./planted.ts";
import { unitWritten, written } from "./shell.ts";

/** A user of a planned host. */
export interface RandomUser extends Person {
  /** The user's belongings and the way in which its program runs, for messages. */
  readonly features: readonly string[];
  readonly plant: string;
  readonly start: string;
  readonly listed: readonly RegExp[];
  /** Present if the import declares the user as an agent. */
  readonly agent?: Omit<PlantedAgent, keyof Planted> & {
    readonly texts: IdentityTexts;
    readonly rights: PlantedRights;
  };
  /** See `Planted`. */
  readonly elsewhere: readonly string[];
  /** Whether the key of the test is among the user's login keys. */
  readonly hasKey: boolean;
}

/** A host with users of all kinds, as a person has set it up. */
export interface RandomHost {
  readonly users: readonly RandomUser[];
  /** A script that plants everything. It runs as root. */
  readonly script: string;
  readonly listed: readonly RegExp[];
  /** See `Planted`. */
  readonly elsewhere: readonly string[];
}

/** The user with which Muster logs in. */
export const LOGIN = "ops";

/** Short, long and unusual names. Each name is allowed for an agent. */
const NAMES =
  "iris ezra wren sam tess kai nova forge dev bob num loom q x9 r2d2 my-bot a1-b2-c3 vera tom kim orin milo arc brew zed hermia claudia " +
  "worker soulful the-name-of-this-one-is-31-long the-name-of-this-two-is-31-long";

/** Plans a host. The same seed always results in the same plan. */
export function randomHost(seed: number, size: number): RandomHost {
  const draw = drawFrom(seed);
  const names = draw.shuffled(NAMES.split(" "));
  const [declared, listed] = [dealt(DECLARED_WAYS, draw), dealt(LISTED_WAYS, draw)];
  const users = Array.from({ length: size - 1 }, (_, i) => {
    const name = names[i] ?? `user${i}`;
    const kind = i === 1 ? draw.pick(["far home", "odd name"]) : i % 3 === 2 ? "listed" : "agent";
    if (kind === "far home") return farHome(name, draw);
    if (kind === "odd name") return oddName(name, draw);
    const [way, make] = kind === "listed" ? listed() : declared();
    return user({ name, home: `/home/${name}` }, way, make, draw);
  });
  const all = [...users, loginUser()];
  return {
    users: all,
    script: [
      PREPARE,
      ...all.map(({ plant }) => plant),
      ofHost(),
      RELOAD,
      ...all.map(({ start }) => start),
      START,
    ]
      .map((script) => `${script}\n`)
      .join(""),
    listed: [...all.flatMap((one) => one.listed), ...OF_HOST],
    elsewhere: ["rootagent.service of root", ...all.flatMap((one) => one.elsewhere)],
  };
}

/** Returns the ways in random order. No way is repeated before all ways were used once. */
function dealt<W>(ways: Readonly<Record<string, W>>, draw: Draw): () => [string, W] {
  let left: [string, W][] = [];
  return () => {
    if (left.length === 0) left = draw.shuffled(Object.entries(ways));
    return left.pop() as [string, W];
  };
}

function user(
  person: Person,
  way: string,
  make: (person: Person, draw: Draw) => Planted | PlantedAgent,
  draw: Draw,
): RandomUser {
  const { name, home } = person;
  const { plant, start = ":", listed = [], elsewhere = [], keepsUser = false, ...more } = make(person, draw);
  const isAgent = "unit" in more;
  const some = belongingsOf(draw, isAgent).map(([feature, has]) => ({ feature, ...has(person) }));
  const { script, isLinked, primary } = accountOf(person, draw);
  const rights: PlantedRights[] = some.map((one) => one.rights ?? {});
  // The user is also a member of its primary group, which need not be declared.
  const groups = rights.flatMap((one) => one.groups ?? []).filter((group) => group !== primary);
  return {
    name,
    home,
    features: [way, ...(isLinked ? ["a linked home"] : []), ...some.map(({ feature }) => feature)],
    plant: [script, ...some.map((one) => one.plant), plant].join("\n"),
    start,
    elsewhere,
    listed: [...listed, ...some.flatMap((one) => (isAgent || keepsUser ? (one.listed ?? []) : []))],
    ...(isAgent && {
      agent: {
        ...more,
        texts: Object.assign({}, ...some.map(({ texts }) => texts)),
        rights: Object.assign({}, ...rights, { groups }),
      },
    }),
    hasKey: rights.some(({ keys }) => keys !== undefined),
  };
}

/** Creates the user, and sometimes a home that is a link, a shared primary group or a shell of its own. */
function accountOf(
  { name, home }: Person,
  draw: Draw,
): { script: string; isLinked: boolean; primary: string } {
  const isLinked = draw.chance(0.1);
  const isShared = draw.chance(0.2);
  const group = isShared ? "--gid crew" : "--user-group";
  const shell = draw.pick(["/bin/bash", "/bin/bash", "/bin/sh"]);
  const comment = draw.pick(["", "Ünï, Room 1,,", "agent"]);
  const mode = draw.pick(["0700", "0750", "0755"]);
  const make = isLinked
    ? `useradd --no-create-home -d ${home} ${group} -s ${shell} -c '${comment}' ${name}; cp -r /etc/skel /data/home-${name}; chown -R ${name}:$(id -gn ${name}) /data/home-${name}; ln -s /data/home-${name} ${home}`
    : `useradd --create-home ${group} -s ${shell} -c '${comment}' ${name}`;
  const password = draw.chance(0.3) ? `echo '${name}:secret-${name}' | chpasswd` : ":";
  return {
    script: `${make}; chmod ${mode} ${home}/.; ${password}`,
    isLinked,
    primary: isShared ? "crew" : name,
  };
}

function farHome(name: string, draw: Draw): RandomUser {
  const home = `/srv/people/${name}`;
  const { plant, start = ":", elsewhere = [] } = elsewhereService(name);
  return {
    ...{ name, home, features: ["a far home"], start, listed: [], elsewhere, hasKey: false },
    plant: `mkdir -p /srv/people; useradd --create-home -d ${home} -s ${draw.pick(["/bin/bash", "/usr/sbin/nologin"])} ${name}; echo far >${home}/own\n${plant}`,
  };
}

function oddName(base: string, draw: Draw): RandomUser {
  const name = draw.pick([`Odd.${base}`, `${base}_bot`, `${base}-`]).slice(0, 30);
  const home = `/home/${name}`;
  const { plant, start = ":", elsewhere = [] } = elsewhereService(name);
  return {
    ...{ name, home, features: ["an odd name"], start, listed: [], elsewhere, hasKey: false },
    plant: `useradd --badname --create-home -s /bin/bash ${name}; echo odd >${home}/own\n${plant}`,
  };
}

function loginUser(): RandomUser {
  const { plant, start = ":", elsewhere = [] } = elsewhereService(LOGIN);
  const home = `/home/${LOGIN}`;
  return {
    ...{ name: LOGIN, home, features: ["the login"], start, listed: [], elsewhere, hasKey: true },
    plant: `useradd --create-home --shell /bin/bash ${LOGIN}; echo '${LOGIN} ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/${LOGIN}
      install -d -m 0700 -o ${LOGIN} -g ${LOGIN} /home/${LOGIN}/.ssh
      install -m 0600 -o ${LOGIN} -g ${LOGIN} /etc/muster-host/authorized_keys /home/${LOGIN}/.ssh/authorized_keys\n${plant}`,
  };
}

const PREPARE = `set -e
  ${written(AGENT, "#!/usr/bin/perl\nsleep 100000 while 1;\n", "0755")}
  mkdir -p /data /etc/agents /srv/projects /run/systemd/system; groupadd -f crew`;
const RELOAD = "systemctl daemon-reload";
const START = "systemctl start rootagent sysagent dyn";

/** Services and schedules of the host itself. */
function ofHost(): string {
  const units = "/etc/systemd/system";
  return `useradd --system --create-home --home-dir /var/lib/sysuser sysuser
    ${unitWritten(`${units}/rootagent.service`, [`ExecStart=${AGENT} root`])}
    ${unitWritten(`${units}/sysagent.service`, ["User=sysuser", `ExecStart=${AGENT} system`])}
    ${unitWritten(`${units}/dyn.service`, ["DynamicUser=yes", `ExecStart=${AGENT} dynamic`])}
    mkdir -p /etc/cron.d; ${written("/etc/cron.d/backup", "MAILTO=x\n0 4 1 1 * root true\n")}`;
}

const OF_HOST: readonly RegExp[] = [
  /^sysagent\.service of user sysuser: its uid \d+ is that of a system user/,
  /^dyn\.service of user \(one for each start\): systemd makes a new user/,
  new RegExp(`^${literal("/etc/cron.d/backup")}, with 1 line for programs`),
];
