import type { GroupItem, Props, UserItem } from "../../../../src/model/items.ts";
import { type Form, others, type Place } from "./form.ts";

/** Returns the forms that change a user in /etc/passwd, as vipw does, or remove the user. */
export function userForms(place: Place<UserItem>): Form[] {
  const { name } = place.item;
  return [
    { name: "home", script: editField(name, 6, "/home/elsewhere"), properties: ["home"] },
    { name: "shell", script: editField(name, 7, "/usr/sbin/nologin"), properties: ["shell"] },
    { name: "group", script: editField(name, 4, "65534"), properties: ["group"] },
    { name: "groups", script: `gpasswd --add ${name} video`, properties: ["groups"] },
    {
      name: "removed",
      script: `userdel -f ${name}`,
      properties: ["present"],
      also: others(place, ({ item }) => wants(item.want, "owner", name)),
    },
  ];
}

export function groupForms(place: Place<GroupItem>): Form[] {
  const { name } = place.item;
  return [
    {
      name: "removed",
      script: `sed -i '/^${name}:/d' /etc/group /etc/gshadow`,
      properties: ["present"],
      also: others(place, ({ item }) => wants(item.want, "group", name)),
    },
  ];
}

function wants(want: object, property: string, value: string): string | undefined {
  return (want as Props)[property] === value ? property : undefined;
}

/** @param field number of the field in /etc/passwd; the first field is 1 */
function editField(user: string, field: number, value: string): string {
  const program = `BEGIN { FS = OFS = ":" } $1 == "${user}" { $${field} = "${value}" } { print }`;
  return `awk '${program}' /etc/passwd >/etc/passwd.new; cat /etc/passwd.new >/etc/passwd; rm /etc/passwd.new`;
}
