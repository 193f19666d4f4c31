import { pathToFileURL } from "node:url";
import * as pulumi from "@pulumi/pulumi";
import type * as Boot from "./boot.ts";

interface ServerInputs {
  readonly image: string;
}

type ServerState = ServerInputs & Boot.BootedMachine;

/** The image of a machine that cannot be created. */
const UNAVAILABLE = "unavailable";

// Pulumi sends the code of a dynamic provider to another process, which imports everything else by its path.
const project = process.cwd();
const module = pathToFileURL(`${process.env["OWN_PROGRAM_SUPPORT"]}/boot.ts`).href;

const provider: pulumi.dynamic.ResourceProvider<ServerInputs, ServerState> = {
  create: async ({ image }) => {
    if (image === UNAVAILABLE) throw new Error("no machine with this image is available");
    const { bootMachine } = (await import(module)) as typeof Boot;
    const machine = await bootMachine(project);
    return { id: machine.serial, outs: { image, ...machine } };
  },
  diff: async (_id, { image }, news) => ({
    changes: image !== news.image,
    replaces: image === news.image ? [] : ["image"],
  }),
  delete: async (id) => {
    const { removeMachine } = (await import(module)) as typeof Boot;
    await removeMachine(project, id);
  },
};

/** A machine that the tests' own provider creates: a local host. A machine with another image is a new machine. */
export class Server extends pulumi.dynamic.Resource {
  declare readonly ipv4Address: pulumi.Output<string>;
  declare readonly hostKeys: pulumi.Output<string[]>;
  declare readonly serial: pulumi.Output<string>;

  constructor(name: string, { image }: ServerInputs, options?: pulumi.CustomResourceOptions) {
    const unknown = { ipv4Address: undefined, hostKeys: undefined, serial: undefined };
    super(provider, name, { image, ...unknown }, options);
  }
}
