#!/bin/sh
# Writes the daily retrospective: timmy's model summarizes today's commits in ~/retros.
# ~/retros is a git clone from which timmy can push. Create this clone once, as the user timmy on timmy's host.
set -eu
cd "$HOME/retros"
day=$(date +%F)
git pull --quiet --rebase
git log --since=midnight --stat >"$HOME/today.txt"
hermes chat -q "Read ~/today.txt. Write the retro of $day: what went well, what did not, what to change." >"$day.md"
git add "$day.md"
git commit --quiet --message "Retro of $day"
git push --quiet
