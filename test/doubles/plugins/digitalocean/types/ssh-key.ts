import type { Bridged } from "../../serve/bridge.ts";
import type { Json, Properties } from "../../serve/values.ts";
import type { Api } from "../api.ts";
import { unlessGone, withStepName } from "../steps.ts";

/** Returns the resource type `digitalocean:index/sshKey:SshKey`, modelled on the vendor's resource_ssh_key.go. */
export function sshKeyType(api: Api): Bridged {
  const path = (id: string) => `/v2/account/keys/${id}`;
  return {
    fields: {
      name: { autoName: true },
      publicKey: { required: true, forceNew: true, stored: trimmed, nonZero: true },
    },
    outputs: ["fingerprint"],
    create: async (inputs) => {
      const body = { name: inputs["name"], public_key: inputs["publicKey"] };
      const answer = await withStepName("Error creating SSH Key", api.post("/v2/account/keys", body));
      return madeOf(answer);
    },
    read: async (id) => {
      const answer = await unlessGone("Error retrieving SSH key", api.get(path(id)));
      return answer && madeOf(answer);
    },
    update: async (id, _state, inputs) => {
      const answer = await withStepName(
        "Failed to update SSH key",
        api.put(path(id), { name: inputs["name"] }),
      );
      return madeOf(answer).state;
    },
    delete: async (id) => {
      await unlessGone("Error deleting SSH key", api.delete(path(id)));
    },
  };
}

const trimmed = (value: Json): Json => String(value).trim();

function madeOf(answer: Properties) {
  const key = answer["ssh_key"] as Properties;
  const state = { name: key["name"], publicKey: trimmed(key["public_key"]), fingerprint: key["fingerprint"] };
  return { id: String(key["id"]), state };
}
