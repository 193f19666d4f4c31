import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { sha512, type TarEntry, tarball } from "./archives.ts";

/** A version of a package: its package.json without name and version, and its other files. */
export interface PackageVersion {
  readonly manifest?: object;
  readonly files?: readonly TarEntry[];
}

/** The versions of packages, by name and version. */
export type Packages = Readonly<Record<string, Readonly<Record<string, PackageVersion>>>>;

export interface NpmRegistry {
  readonly url: string;
  /** The paths of all requests, in their order. */
  readonly requests: string[];
  /** Replaces the bytes of a tarball, so that its digest differs from the digest in the registry. */
  corrupt(name: string, version: string): void;
  close(): Promise<void>;
}

/** Starts an npm registry on the loopback device, with packages that the test chooses. */
export async function npmRegistry(packages: Packages): Promise<NpmRegistry> {
  const requests: string[] = [];
  const tarballs = new Map<string, Buffer>();
  const documents = new Map<string, (url: string) => object>();
  for (const [name, versions] of Object.entries(packages)) {
    const listed = Object.entries(versions).map(([version, { manifest = {}, files = [] }]) => {
      const full = { name, version, ...manifest };
      const bytes = tarball([
        { name: "package/package.json", text: JSON.stringify(full) },
        ...files.map((file) => ({ ...file, name: `package/${file.name}` })),
      ]);
      const path = `/${name}/-/${name.split("/").at(-1)}-${version}.tgz`;
      tarballs.set(path, bytes);
      return { version, full, path, integrity: sha512(bytes) };
    });
    documents.set(`/${name}`, (url) => ({
      name,
      "dist-tags": { latest: listed.at(-1)?.version },
      versions: Object.fromEntries(
        listed.map(({ version, full, path, integrity }) => [
          version,
          { ...full, dist: { tarball: `${url}${path}`, integrity } },
        ]),
      ),
    }));
  }
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? "");
    requests.push(path);
    const bytes = tarballs.get(path);
    const document = documents.get(path);
    if (bytes !== undefined) response.end(bytes);
    else if (document !== undefined)
      response.setHeader("content-type", "application/json").end(JSON.stringify(document(url())));
    else response.writeHead(404).end("{}");
  });
  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: url(),
    requests,
    corrupt: (name, version) =>
      void tarballs.set(
        `/${name}/-/${name.split("/").at(-1)}-${version}.tgz`,
        tarball([{ name: "package/package.json", text: "{}" }]),
      ),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
