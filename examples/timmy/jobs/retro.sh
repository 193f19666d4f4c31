#!/bin/sh
# Writes the retro of the day, which was done by hand before: timmy's model summarizes today's commits in ~/retros.
# ~/retros is a clone to which timmy can push. Create it once, as the user timmy on its host.
set -eu
cd "$HOME/retros"
day=$(date +%F)
git pull --quiet --rebase
git log --since=midnight --stat >"$HOME/today.txt"
hermes chat -q "Read ~/today.txt. Write the retro of $day: what went well, what did not, what to change." >"$day.md"
git add "$day.md"
git commit --quiet --message "Retro of $day"
git push --quiet
