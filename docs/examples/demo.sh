#!/usr/bin/env bash
# demo.sh BUILD: shows what `snarl check` and `snarl run` say about the order service beside this file.
# BUILD is where snarl was built; everything made here goes to BUILD/demo. `./dev demo` calls it.
set -uo pipefail

build=$(cd -- "$1" && pwd)
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/orders" || exit 2
demo=$build/demo
PATH=$build:$PATH
if [ -t 1 ]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi

title() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }
short() { printf '%s' "${1//$demo\//}"; }

# show STATUS COMMAND...: runs it as a user would and says so if it ends otherwise than with STATUS.
show() {
  local expected=$1 status; shift
  printf '%s$ %s%s\n' "$bold" "$(short "$*")" "$plain"
  "$@"
  status=$?
  [ $status = "$expected" ] && return
  printf 'demo: this should have ended with exit code %s, not %s\n' "$expected" $status >&2
  exit 2
}

title 'Building the order service, as anybody would'
cmake -G Ninja -S . -B "$demo" >"$demo.log" 2>&1 && ninja -C "$demo" >>"$demo.log" 2>&1 ||
  { cat "$demo.log" >&2; exit 2; }
printf '%s\n' "accounts, ledger, price cache, inventory, notifier: $(cat src/*.cpp src/*.h | wc -l) lines in ${PWD##*/}/src"

title 'What the source says: snarl check reads the whole program, nothing is run'
show 1 snarl check -p "$demo" --sarif "$demo/check.sarif"

title 'What a run shows: the tests pass, and yet'
show 1 snarl run --trace "$demo/trace-test" --sarif "$demo/run.sarif" -- "$demo/orders_test"

title 'A real hang: without snarl, this program just stops'
show 86 snarl run --halt-on-deadlock --trace "$demo/trace-hang" --sarif "$demo/hang.sarif" -- "$demo/orders_hang"

title 'The same for machines, in SARIF'
for name in check run hang; do printf '  %s\n' "$demo/$name.sarif"; done
