import type { MonitoringSpec, ReceiverSpec } from "../fleet/monitoring.ts";

/**
 * The receiver of alerts for which fleet.yaml declares no receiver. It sends nothing. Its name contains a space, so it
 * cannot be the name of a declared receiver.
 */
const NOBODY = "no receiver";

/** The texts of messages. The end of a fault has a message of its own, so the first message is never withdrawn. */
const TITLE = '{{ if eq .Status "resolved" }}Ended{{ else }}Alert{{ end }}: {{ .CommonLabels.alertname }}';
const LINES =
  '{{ range .Alerts }}{{ if eq .Status "resolved" }}Ended: {{ end }}{{ .Annotations.summary }} ' +
  'Since {{ .StartsAt.UTC.Format "2006-01-02T15:04:05Z" }}' +
  '{{ if eq .Status "resolved" }} until {{ .EndsAt.UTC.Format "2006-01-02T15:04:05Z" }}{{ end }}.\n{{ end }}';

/**
 * Returns the configuration of Alertmanager. A reference such as `@{slack-url}` stands for the value of the credential
 * `slack-url`. The host writes this value into a copy of the file in memory (see `SECRETS_SCRIPT`).
 */
export function alertRoutes({ wait, repeat, receivers }: MonitoringSpec): object {
  const all = Object.values(receivers);
  return {
    route: {
      ...{ receiver: NOBODY, group_by: ["alertname", "tenant"] },
      ...{ group_wait: `${wait}s`, group_interval: `${wait}s`, repeat_interval: `${repeat}s` },
      routes: all.map(routeOf),
    },
    receivers: [{ name: NOBODY }, ...all.map(receiverOf)],
  };
}

function routeOf({ name, tenants }: ReceiverSpec): object {
  const matchers = tenants === undefined ? [] : [`tenant=~"${tenants.join("|")}"`];
  return { receiver: name, ...(matchers.length > 0 && { matchers }), continue: true };
}

function receiverOf({ name, webhook, email, telegram, slack, discord }: ReceiverSpec): object {
  const always = { send_resolved: true };
  return {
    name,
    ...(webhook && { webhook_configs: [{ url: secret(webhook.url), ...always }] }),
    ...(email && { email_configs: [{ ...emailOf(email), ...always }] }),
    ...(telegram && {
      telegram_configs: [
        {
          ...{ chat_id: telegram.chat, bot_token: secret(telegram.token), parse_mode: "" },
          ...{ message: `${TITLE}\n${LINES}`, ...always },
        },
      ],
    }),
    ...(slack && {
      slack_configs: [
        {
          api_url: secret(slack.url),
          ...(slack.channel !== undefined && { channel: slack.channel }),
          ...{ title: TITLE, text: LINES, ...always },
        },
      ],
    }),
    ...(discord && {
      discord_configs: [{ webhook_url: secret(discord.url), title: TITLE, message: LINES, ...always }],
    }),
  };
}

function emailOf({ to, from, server, user, password }: NonNullable<ReceiverSpec["email"]>): object {
  return {
    ...{ to, from, smarthost: server, html: "", text: LINES, headers: { Subject: TITLE } },
    ...(user !== undefined &&
      password !== undefined && { auth_username: user, auth_password: secret(password) }),
  };
}

/**
 * Returns a reference to a credential. Because of the `@`, the YAML library quotes the reference. SECRETS_SCRIPT finds
 * references by these quotes.
 */
function secret(credential: string): string {
  return `@{${credential}}`;
}

/**
 * Copies the configuration of Alertmanager from $ARGV[0] to $ARGV[2], and inserts the values of the credentials in the
 * folder $ARGV[1]. The copy is necessary because Alertmanager 0.25 cannot read most secrets from separate files. No
 * argument of a program contains a value. perl is part of every Debian system.
 */
export const SECRETS_SCRIPT = `use strict;
use warnings;
my ($from, $folder, $to) = @ARGV;
sub content {
  open(my $file, "<", $_[0]) or die "$_[0]: $!\\n";
  local $/;
  return <$file>;
}
sub quoted {
  my ($name) = @_;
  my $value = content("$folder/$name");
  $value =~ s/\\s+\\z//;
  $value =~ s/([\\\\"])/\\\\$1/g;
  die "the credential $name has more than one line\\n" if $value =~ /[\\x00-\\x1f]/;
  return "\\"$value\\"";
}
my $text = content($from);
$text =~ s/"\\@\\{([a-z0-9-]+)\\}"/quoted($1)/ge;
umask 0077;
open(my $file, ">", $to) or die "$to: $!\\n";
print $file $text;
close($file) or die "$to: $!\\n";
`;
