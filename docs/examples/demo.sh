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

# show STATUS COMMAND: runs it as a user would type it (there, `build` is the folder in which snarl was built), and stops the
# demo if it ends otherwise than with STATUS.
show() {
  local expected=$1 typed=$2 status
  printf '%s$ %s%s\n' "$bold" "$typed" "$plain"
  eval "${typed//build\/demo/\"\$demo\"}"
  status=$?
  [ $status = "$expected" ] && return
  printf 'demo: this should have ended with exit code %s, not %s\n' "$expected" $status >&2
  exit 2
}

title 'Building the order service, as anybody would'
rm -rf "$demo"/trace-* && mkdir -p "$demo/facts"
cmake -G Ninja -S . -B "$demo" >"$demo.log" 2>&1 && ninja -C "$demo" >>"$demo.log" 2>&1 || { cat "$demo.log" >&2; exit 2; }
printf '%s\n' "accounts, ledger, price cache, inventory, notifier: $(cat src/*.cpp src/*.h | wc -l) lines, no warning, tests pass"

title 'What the source says: the whole program is read, nothing is run'
show 1 'snarl check -p build/demo --sarif build/demo/check.sarif'

title 'What a run shows: the tests pass, and yet'
show 1 'snarl run --trace build/demo/trace-test --sarif build/demo/run.sarif -- build/demo/orders_test'

title 'A real hang: without snarl, this program just stops'
show 86 'snarl run --halt-on-deadlock --trace build/demo/trace-hang --sarif build/demo/hang.sarif -- build/demo/orders_hang'

title 'Both together: where source and run agree, the finding is "confirmed"'
for file in src/*.cpp test/orders_test.cpp; do
  snarl facts -o "$demo/facts/$(basename "$file" .cpp).facts" -- c++ -std=c++20 -Isrc "$file" || exit 2
done
show 1 'snarl report --sarif build/demo/both.sarif build/demo/trace-test build/demo/facts/*.facts | grep -E "error|warning"'

title 'The same for machines, in SARIF'
for name in check run hang both; do printf '  %s\n' "$demo/$name.sarif"; done
