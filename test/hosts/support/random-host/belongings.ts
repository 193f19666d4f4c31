import type { Draw } from "../random.ts";
import { atJob, crontab } from "./listed-ways.ts";
import { AGENT, literal, type Person, type PlantedBelongings, type PlantedRights } from "./planted.ts";
import { quoted, written } from "./shell.ts";

type Belongings = Readonly<Record<string, (person: Person, draw: Draw) => PlantedBelongings>>;

const BOM = "\ufeff";

/** Files that people have in their homes and that no agent needs. */
const FILES: Belongings = {
  "odd names": ({ name, home }) => ({
    plant: asPerson(
      name,
      `mkdir -p odd && cd odd && touch -- -rf ' blank ' "it's" '"q"' '*' '$HOME' 'tab	tab' 'ü' ".hidden." && printf x >"$(printf 'line\\nbreak')" &&
        printf y >"$(printf 'bad\\377byte')" && mkdir -p "$(printf 'deep/%.0s' 1 2 3 4 5 6 7 8)" && ln -s nowhere dangling && ln -s loop loop && mkfifo fifo &&
        touch ${"n".repeat(250)} && truncate -s 3M sparse && head -c 70000 /dev/urandom >random`,
      home,
    ),
  }),
  "odd modes": ({ name, home }) => ({
    plant: `${asPerson(name, "mkdir -p modes && cd modes && for m in 0000 0400 0222 0666 0777 1777 0070; do echo $m >f$m; chmod $m f$m; mkdir d$m; chmod $m d$m; done; mkdir d2755; chmod 2755 d2755", home)}
      printf root >${home}/modes/of-root; chmod 600 ${home}/modes/of-root
      printf other >${home}/modes/of-other; chown nobody:daemon ${home}/modes/of-other; chmod 640 ${home}/modes/of-other
      chown ${name}:daemon ${home}/modes/f0666; chown 54321:54321 ${home}/modes/f0777`,
  }),
  "hard links": ({ name, home }) => ({
    plant: asPerson(
      name,
      "mkdir -p notes && echo note >notes/one && ln notes/one notes/two && ln notes/one three",
      home,
    ),
  }),
  "a repository": ({ name, home }) => ({
    plant: asPerson(
      name,
      "mkdir -p code/.git/objects/aa code/node_modules/x && echo 'ref: refs/heads/main' >code/.git/HEAD && chmod 0444 code/.git/HEAD && echo x >code/node_modules/x/index.js",
      home,
    ),
  }),
  "a shared folder": ({ name, home }) => ({
    plant: `groupadd -f crew; install -d -o ${name} -g crew -m 2775 ${home}/shared; echo shared >${home}/shared/f
      chown ${name}:crew ${home}/shared/f; chmod 0664 ${home}/shared/f; chmod 0755 ${home}/.`,
  }),
  "a link to data": ({ name, home }) => ({
    plant: `install -d -o ${name} -g $(id -g ${name}) /data/${name}; ${asPerson(name, "echo mine >own; chmod 640 own", `/data/${name}`)}
      ${asPerson(name, `ln -s /data/${name} data; ln -s data/own own`, home)}`,
  }),
};

/** Identity files and settings of runtimes, in the forms that occur on real hosts. */
const IDENTITIES: Belongings = {
  "a plain SOUL.md": (person, draw) =>
    identity(
      person,
      "SOUL.md",
      `# ${person.name}\n\nI am here.\n`,
      draw.pick(["0644", "0600", "0664", "0444"]),
    ),
  "a SOUL.md with a mark": (person) => identity(person, "SOUL.md", `${BOM}# Soul\r\nno end`),
  "a SOUL.md that is not text": (person) =>
    leftFile(person, "SOUL.md", Buffer.from([0xff, 0xfe, 0x00, 0x41]), "it is not text"),
  "a SOUL.md that is a link": ({ name, home }) => ({
    plant: asPerson(
      name,
      "mkdir -p dotfiles && printf '# Linked\\n' >dotfiles/soul && chmod 0600 dotfiles/soul && ln -s dotfiles/soul SOUL.md",
      home,
    ),
    texts: { "SOUL.md": "# Linked\n" },
  }),
  "an empty SOUL.md": (person) => identity(person, "SOUL.md", ""),
};

const MORE_IDENTITIES: Belongings = {
  "AGENTS.md": (person, draw) =>
    identity(person, "AGENTS.md", "- be kind\n- {{NAME}} <X>\n", draw.pick(["0644", "0640", "0755"])),
  "TOOLS.md with a secret": (person) =>
    leftFile(person, "TOOLS.md", "notes\nthe API token is canary9-abc123\n", "line 2 may contain a secret"),
  "MEMORY.md": (person, draw) =>
    identity(person, "MEMORY.md", "# memory\n- ünïcode 🐎\n", draw.pick(["0644", "0600", "0666"])),
  "USER.md": (person) => identity(person, "USER.md", "The user\u2028likes tea"),
  "IDENTITY.md": (person) => identity(person, "IDENTITY.md", "name: x\n"),
  "settings of Claude Code": ({ name, home }, draw) => {
    const dir = draw.pick([`${home}/.claude`, `/data/claude-${name}`]);
    const settings = '{ "permissions": { "allow": [] } }\n';
    return {
      plant: `install -d -m 0700 -o ${name} -g $(id -g ${name}) ${dir}; ${dir.startsWith("/data") ? asPerson(name, `ln -s ${dir} .claude`, home) : ":"}
        ${writtenBy(name, `${dir}/settings.json`, settings, "0600")}
        ${writtenBy(name, `${dir}/.credentials.json`, '{"login":"canary"}', "0600")}`,
      texts: { ".claude/settings.json": settings },
    };
  },
  "settings of Hermes and Codex": (person) => {
    const { name, home } = person;
    const hermes = identity(person, ".hermes/config.yaml", "model: x\nother: 1\n", "0600");
    const codex = identity(person, ".codex/config.toml", 'model = "x"\n', "0644");
    return {
      plant: `install -d -o ${name} -g $(id -g ${name}) ${home}/.hermes ${home}/.hermes/memories ${home}/.codex; ${hermes.plant}; ${codex.plant}
        ${writtenBy(name, `${home}/.hermes/memories/MEMORY.md`, "learned\n", "0644")}`,
      texts: { ...hermes.texts, ...codex.texts },
    };
  },
};

const BOOK = "CREATE TABLE contacts (name TEXT PRIMARY KEY, display_name TEXT, type TEXT, email TEXT";
const ADA = "INSERT INTO contacts (name, display_name, type) VALUES ('ada', 'Ada', 'human');";

/** Contact books, by their SQL. Most of these books have constraints that would prevent Muster from writing a row. */
const BOOKS: Readonly<Record<string, string>> = {
  plain: `${BOOK}); ${ADA} INSERT INTO contacts VALUES ('Odd One', '', '', ''), ('bob', NULL, 'robot', 'b@example.org');`,
  trigger: `${BOOK}); ${ADA} CREATE TRIGGER keep BEFORE UPDATE ON contacts BEGIN SELECT RAISE(ABORT, 'no'); END;`,
  "NOT NULL": `${BOOK}, created_at TEXT NOT NULL); INSERT INTO contacts VALUES ('ada', 'Ada', 'human', NULL, '2020');`,
  NOCASE:
    "CREATE TABLE contacts (name TEXT COLLATE NOCASE UNIQUE, display_name TEXT, type TEXT); INSERT INTO contacts VALUES ('Ada', 'Ada', 'human'), ('eve', 'Eve', 'human');",
  view: "CREATE TABLE people (name TEXT, display_name TEXT); INSERT INTO people VALUES ('ada', 'Ada'); CREATE VIEW contacts AS SELECT * FROM people;",
  twins:
    "CREATE TABLE contacts (id INTEGER PRIMARY KEY, name TEXT, display_name TEXT); INSERT INTO contacts (name, display_name) VALUES ('ada', 'Ada one'), ('ada', 'Ada two'), ('tom', 'Tom');",
  "odd columns": `CREATE TABLE contacts (name TEXT PRIMARY KEY, display_name TEXT, type TEXT, "notes" BLOB, "2 fa" INT, upper TEXT GENERATED ALWAYS AS (upper(name)) VIRTUAL) WITHOUT ROWID;
    INSERT INTO contacts (name, display_name, type, notes, "2 fa") VALUES ('ada', 'Ada', 'human', x'00ff', 7), ('${"n".repeat(70)}', 'Long', 'human', 'two' || char(10) || 'lines', NULL);`,
  WAL: `PRAGMA journal_mode = WAL; ${BOOK}); ${ADA} CREATE INDEX by_email ON contacts (email); CREATE TABLE other (x); INSERT INTO other VALUES (1);`,
};

const ADDRESS_BOOKS: Belongings = {
  ...Object.fromEntries(
    Object.entries(BOOKS).map(([form, sql]) => [
      `a contact book with ${form}`,
      ({ name, home }: Person, draw: Draw): PlantedBelongings => ({
        plant: `printf %s ${quoted(sql)} | ${asPerson(name, "sqlite3 contacts.db >/dev/null", home)}
          chmod ${draw.pick(["0600", "0644", "0664"])} ${home}/contacts.db`,
        ...(["view", "odd columns"].includes(form) && {
          listed: [new RegExp(`^contacts\\.db of ${name}: it was not read`)],
        }),
      }),
    ]),
  ),
  "a contact book that is not a database": (person) => ({
    plant: writtenBy(person.name, `${person.home}/contacts.db`, "not a database", "0644"),
    listed: [new RegExp(`^contacts\\.db of ${person.name}: it was not read`)],
  }),
};

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f somebody";

/** The rights of users beyond their own files. */
const RIGHTS: Readonly<
  Record<string, (person: Person, draw: Draw) => PlantedBelongings & { readonly rights: PlantedRights }>
> = {
  groups: ({ name }, draw) => {
    const groups = draw.shuffled(["docker", "video", "adm", "crew", "sudo"]).slice(0, 1 + draw.below(3));
    return {
      plant: `for group in ${groups.join(" ")}; do groupadd -f $group; done; usermod -aG ${groups.join(",")} ${name}`,
      rights: { groups: groups.sort() },
    };
  },
  sudoers: ({ name }, draw) => {
    const alias = `BOTS_${name.toUpperCase().replaceAll("-", "_")}`;
    const [text, line] = draw.pick([
      [`${name}\tALL=(root)   NOPASSWD: /usr/bin/id # why\n`, `${name} ALL=(root) NOPASSWD: /usr/bin/id`],
      [`User_Alias ${alias} = nobody, ${name}\n${alias} ALL=(ALL) ALL\n`, `${alias} ALL=(ALL) ALL`],
      [`nobody, ${name} ALL = \\\n  /usr/bin/id\n`, `nobody, ${name} ALL = /usr/bin/id`],
    ] as const);
    return {
      plant: `${written(`/etc/sudoers.d/${name}`, text, "0440")}; ${written(`/etc/sudoers.d/${name}.off`, `${name} ALL=(ALL) NOPASSWD: ALL\n`, "0440")}`,
      rights: { sudo: [line] },
    };
  },
  "a key": ({ name, home }, draw) => {
    const file = draw.pick(["authorized_keys", "authorized_keys", "authorized_keys2"]);
    const more = draw.chance(0.5) ? `# a comment\n\nrestrict,command="/bin/true" ${KEY}\n` : "";
    return {
      plant: `install -d -m 0700 -o ${name} -g $(id -g ${name}) ${home}/.ssh
        { printf %s ${quoted(more)}; cat /etc/muster-host/authorized_keys; } >${home}/.ssh/${file}
        chown ${name}:$(id -gn ${name}) ${home}/.ssh/${file}; chmod 600 ${home}/.ssh/${file}`,
      rights: { keys: more === "" ? 1 : 2 },
    };
  },
  linger: ({ name }) => ({ plant: `loginctl enable-linger ${name}`, rights: { linger: true } }),
  "setuid files": ({ name, home }) => ({
    plant: `install -d -o ${name} -g $(id -g ${name}) ${home}/bin; install -m 4755 ${AGENT} ${home}/bin/root
      install -o ${name} -m 2755 ${AGENT} "${home}/bin/set gid"; install -o ${name} -m 4755 ${AGENT} /usr/local/bin/as-${name}`,
    rights: {
      files: [
        `/usr/local/bin/as-${name} setuid ${name}`,
        "~/bin/root setuid root",
        "~/bin/set gid setgid root",
      ],
    },
  }),
};

/** The schedules that start a user's programs later. */
const SCHEDULES: Belongings = {
  "a crontab": ({ name }) => ({
    plant: crontab(name, "@yearly true\n"),
    listed: [new RegExp(`^the crontab of ${literal(name)}, with 1 job\\.`)],
  }),
  "a job of at": ({ name }) => ({
    plant: atJob(name),
    listed: [new RegExp(`^jobs of at\\(1\\) of ${literal(name)}$`)],
  }),
};

/**
 * Chooses a person's belongings. `fleet import` lists belongings only for agents, but it lists schedules for everybody.
 */
export function belongingsOf(
  draw: Draw,
  isAgent: boolean,
): [feature: string, belongings: (person: Person) => PlantedBelongings][] {
  const share = isAgent ? 0.6 : 0.3;
  const one = (some: Belongings) => (draw.chance(share) ? [draw.pick(Object.entries(some))] : []);
  const several = (some: Belongings) => Object.entries(some).filter(() => draw.chance(share / 2));
  return [
    ...several(FILES),
    ...one(IDENTITIES),
    ...several(MORE_IDENTITIES),
    ...one(ADDRESS_BOOKS),
    ...several(RIGHTS),
    ...(isAgent ? several(SCHEDULES) : []),
  ].map(([feature, make]) => [feature, (person) => make(person, draw)]);
}

function identity(person: Person, file: string, text: string, mode = "0644"): PlantedBelongings {
  return { plant: writtenBy(person.name, `${person.home}/${file}`, text, mode), texts: { [file]: text } };
}

/** Returns an identity file that is not declared. */
function leftFile(
  { name, home }: Person,
  file: string,
  text: string | Buffer,
  why: string,
): PlantedBelongings {
  return {
    plant: writtenBy(name, `${home}/${file}`, text, "0644"),
    listed: [new RegExp(`^${literal(file)} of ${literal(name)}: ${why}`)],
  };
}

function writtenBy(name: string, path: string, text: string | Buffer, mode: string): string {
  return `${written(path, text, mode)}; chown ${name}:$(id -gn ${name}) ${quoted(path)}`;
}

/** Runs a script as a person, in a folder. */
function asPerson(name: string, script: string, dir: string): string {
  return `runuser -u ${name} -- sh -c ${quoted(`cd ${dir} && umask 022 && ${script}`)}`;
}
