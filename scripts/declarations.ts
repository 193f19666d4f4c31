import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

/**
 * The sources of the types that people see when they import this package. These sources import only each other and
 * Pulumi.
 */
const PUBLIC = ["fleet-component", "public-types"];

/**
 * Writes the declaration files of this package's own module. Each file is converted separately, which takes only
 * milliseconds. The exports of these sources must therefore have explicit types.
 *
 * @returns the names of the files that were written
 * @throws an Error if a source has an export without an explicit type, or if its declaration names a file that is not
 *   public
 */
export function writeDeclarations(source: string, target: string): string[] {
  return PUBLIC.map((name) => {
    const file = join(source, `${name}.ts`);
    const { outputText, diagnostics = [] } = ts.transpileDeclaration(readFileSync(file, "utf8"), {
      fileName: file,
      reportDiagnostics: true,
      compilerOptions: {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.NodeNext,
        verbatimModuleSyntax: false,
      },
    });
    const [problem] = diagnostics;
    if (problem) throw new Error(`${file}: ${ts.flattenDiagnosticMessageText(problem.messageText, " ")}`);
    writeFileSync(join(target, `${name}.d.ts`), withPublicImports(file, outputText));
    return `${name}.d.ts`;
  });
}

/** Replaces the names of imported files with the names that TypeScript expects in a declaration file. */
function withPublicImports(file: string, text: string): string {
  return text.replaceAll(/"\.{1,2}\/([^"]+)\.ts"/g, (_, path: string) => {
    if (!PUBLIC.includes(path))
      throw new Error(`${file}: its declaration imports ${path}, which is not public`);
    return `"./${path}.js"`;
  });
}
