import { createHash } from "node:crypto";
import {
  type Context,
  created,
  list,
  noContent,
  ok,
  type Params,
  type Routes,
  visible,
  visibleFromNow,
} from "../context.ts";
import { existing, type Key } from "../data.ts";
import { notFound, unprocessable } from "../error.ts";
import { requiredText, text } from "./body-fields.ts";
import { MOST_ADDRESSES } from "./reserved-ips.ts";

/** Returns the routes of the account and its SSH keys. */
export function accountRoutes({ store, settings }: Context): Routes {
  const { data } = store;
  const find = (params: Params): Key => {
    const found = findKey(visible(data.keys), params["id"] ?? "");
    if (found === undefined) throw notFound();
    return found;
  };
  return {
    "GET /v2/account": () =>
      ok({
        account: {
          droplet_limit: data.dropletLimit,
          floating_ip_limit: MOST_ADDRESSES,
          reserved_ip_limit: MOST_ADDRESSES,
          volume_limit: 100,
          email: "fleet@example.org",
          name: "A Fleet",
          uuid: "b6fr89dbf6d9156cace5f3c78dc9851d957381ef",
          email_verified: true,
          status: "active",
          status_message: "",
        },
      }),
    "GET /v2/account/keys": () => list("ssh_keys", visible(data.keys).map(shownKey)),
    "POST /v2/account/keys": ({ body }) => {
      const [name, publicKey] = [requiredText(body, "name"), requiredText(body, "public_key")];
      const fingerprint = fingerprintOf(publicKey);
      if (existing(data.keys).some((key) => key.fingerprint === fingerprint)) {
        throw unprocessable("SSH Key is already in use on your account");
      }
      const key = { id: store.nextId(), name, publicKey, fingerprint, ...visibleFromNow(settings) };
      data.keys.push(key);
      return created({ ssh_key: shownKey(key) });
    },
    "GET /v2/account/keys/:id": ({ params }) => ok({ ssh_key: shownKey(find(params)) }),
    "PUT /v2/account/keys/:id": ({ params, body }) => {
      const key = find(params);
      key.name = text(body, "name") ?? key.name;
      return ok({ ssh_key: shownKey(key) });
    },
    "DELETE /v2/account/keys/:id": ({ params }) => {
      find(params).goneAt = Date.now() + settings.lag;
      return noContent;
    },
  };
}

/** @param name ID or fingerprint of the key */
export function findKey(keys: readonly Key[], name: string): Key | undefined {
  return keys.find(({ id, fingerprint }) => String(id) === name || fingerprint === name);
}

/** Returns the MD5 hash of the key's bytes, by which the API names keys. */
function fingerprintOf(publicKey: string): string {
  const [, type, blob = ""] = /^(ssh-\S+|ecdsa-\S+|sk-\S+) ([A-Za-z0-9+/=]+)/.exec(publicKey.trim()) ?? [];
  const bytes = Buffer.from(blob, "base64");
  // The key's bytes start with the name of the key's type.
  if (type === undefined || bytes.toString("latin1", 4, 4 + type.length) !== type) {
    throw unprocessable("Key invalid, key should be of the format `type key [comment]`");
  }
  const digest = createHash("md5").update(bytes).digest("hex");
  return digest.replace(/..(?=.)/g, "$&:");
}

function shownKey({ id, name, publicKey, fingerprint }: Key): object {
  return { id, fingerprint, public_key: publicKey, name };
}
