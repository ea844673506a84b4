# languages.sh SNARL FOLDER: threads.EXT of each language that is installed, alone and recorded; the same has to come out.
# Each is started with its own launcher, which may be a script; a compiler that is not there is no failure.
set -u
snarl=$1 folder=$2 bad=0

compare() { # NAME COMMAND...
  local name=$1
  shift
  "$@" > native.txt 2> native.err || { echo "$name: does not work here, not compared"; return; }
  timeout 120 "$snarl" run -o report.txt -- "$@" > ours.txt 2> ours.err
  local code=$?
  # Findings are no harm: Java's machine does end threads that hold a lock.
  if [ $code != 0 ] && ! { [ $code = 1 ] && grep -q error: report.txt; }; then
    echo "$name: another exit code"
    cat ours.err report.txt
    bad=1
  elif ! cmp native.txt ours.txt; then
    echo "$name: another output"
    bad=1
  else
    echo "$name: same"
  fi
}
have() { command -v "$1" > /dev/null 2>&1; }

have python3 && compare python python3 "$folder/threads.py"
have perl && compare perl perl "$folder/threads.pl"
have java && java -version > /dev/null 2>&1 && compare java java "$folder/Threads.java"
if have rustc && rustc -O -o threads_rust "$folder/threads.rs" > rustc.txt 2>&1; then compare rust ./threads_rust; fi
if have go && GOCACHE=$PWD/cache GOFLAGS=-mod=mod GOTOOLCHAIN=local go build -o threads_go "$folder/threads.go" > go.txt 2>&1; then
  ./threads_go > native.txt
  "$snarl" run -- ./threads_go > ours.txt 2> ours.err # made by Go's own linker it is static, and said to be so
  cmp native.txt ours.txt && grep -q -E 'statically linked|not seen: locks, channels' ours.err && echo "go: same" || bad=1
fi
[ $bad = 0 ] && echo "all that are installed are unharmed"
exit $bad
