import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { MusterError } from "../../base/errors.ts";
import type { Cpu, Pinned } from "../../model/installation.ts";
import type { RunProgram } from "../system/run-program.ts";

/**
 * Creates `bin/<program>`, which units use to start the program. The launcher finds all files relative to its own path,
 * so it also works in the temporary folder.
 *
 * @throws MusterError if the archives do not contain the program, or the host lacks its Python
 */
export function makeLauncher(folder: string, pinned: Pinned, cpu: string, run: RunProgram): void {
  mkdirSync(`${folder}/bin`);
  if (pinned.interpreter === "python") makePythonLauncher(folder, pinned, run);
  else makeFileLauncher(folder, pinned, cpu);
}

function makeFileLauncher(folder: string, pinned: Pinned, cpu: string): void {
  const file = fileFor(pinned, cpu);
  if (!isFile(`${folder}/${file}`)) throw missing(pinned, `its archives do not contain ${file}.`);
  if (pinned.interpreter === undefined) {
    chmodSync(`${folder}/${file}`, 0o755);
    symlinkSync(`../${file}`, `${folder}/bin/${pinned.program}`);
    return;
  }
  const node = `node_modules/node-linux-${cpu}/bin/node`;
  if (!isFile(`${folder}/${node}`)) throw missing(pinned, `its archives do not contain ${node}.`);
  chmodSync(`${folder}/${node}`, 0o755);
  script(folder, pinned.program, `exec "$here/${node}" "$here/${file}" "$@"`);
}

function fileFor({ file, ...pinned }: Pinned, cpu: string): string {
  const own = typeof file === "string" ? file : file[cpu as Cpu];
  if (own === undefined)
    throw missing({ ...pinned, file }, `it has no part for hosts of the architecture ${cpu}.`);
  return own;
}

/**
 * Creates a virtual environment for the packages, without pip. The environment has its own copy of the host's Python,
 * so the path of a process shows which version runs.
 */
function makePythonLauncher(folder: string, pinned: Pinned, run: RunProgram): void {
  const { program, file, interpreterVersion = "" } = pinned;
  const found = `/usr/bin/python${interpreterVersion}`;
  if (!isFile(found))
    throw missing(
      pinned,
      `it was pinned for Python ${interpreterVersion}, and the host has no ${found}.`,
      `Install it on the host, for example with \`apt-get install python${interpreterVersion}\`.`,
    );
  const [module = "", name = ""] = typeof file === "string" ? file.split(":") : [];
  if (![module, name].every((word) => /^[A-Za-z_][\w.]*$/.test(word)))
    throw missing(pinned, "its entry point is invalid.");
  copyFileSync(realpathSync(found), `${folder}/bin/python3`);
  chmodSync(`${folder}/bin/python3`, 0o755);
  writeFileSync(`${folder}/pyvenv.cfg`, "home = /usr/bin\ninclude-system-site-packages = false\n");
  const main = `import sys\nfrom ${module} import ${name.split(".")[0]}\nif __name__ == "__main__":\n    sys.exit(${name}())\n`;
  mkdirSync(`${folder}/start`);
  writeFileSync(`${folder}/start/${program}.py`, main);
  script(folder, program, `exec "$here/bin/python3" "$here/start/${program}.py" "$@"`);
  // The packages are compiled here, because an agent cannot write the compiled files, and would therefore compile the
  // packages again at each start.
  const compile = ["-I", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", `${folder}/lib`];
  run(`${folder}/bin/python3`, compile, { timeout: 300 });
}

function script(folder: string, program: string, last: string): void {
  const text = `#!/bin/sh\nhere=$(readlink -f "$0")\nhere=\${here%/bin/*}\n${last}\n`;
  writeFileSync(`${folder}/bin/${program}`, text, { mode: 0o755 });
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function missing({ package: name, version }: Pinned, why: string, next?: string): MusterError {
  return new MusterError({ what: `${name} ${version} was not installed`, why, ...(next && { next }) });
}
