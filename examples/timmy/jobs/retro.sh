#!/bin/sh
# The retro of the day, which was run and pushed by hand: what the fleet's repository saw today, as its model reads it.
# ~/retros is a clone that timmy may push to; make it once, as timmy on its host.
set -eu
cd "$HOME/retros"
day=$(date +%F)
git pull --quiet --rebase
git log --since=midnight --stat >"$HOME/today.txt"
hermes chat -q "Read ~/today.txt. Write the retro of $day: what went well, what did not, what to change." >"$day.md"
git add "$day.md"
git commit --quiet --message "Retro of $day"
git push --quiet
