"""Are the findings of `snarl check --format=json` (standard input) those a file expects?

    ... | expected.py FILE...

`// expect: RULE` on a line: a finding of RULE has this line among its places. `// side: RULE`: may be among them. A finding
none of whose places is labelled with its rule is wrong. Prints what is missing or wrong; exit code 1 if anything is."""
import json
import os
import re
import sys

expected, allowed = set(), set()
for name in sys.argv[1:]:
    with open(name, encoding="utf-8") as text:
        for number, line in enumerate(text, 1):
            for kind, rule in re.findall(r"(expect|side): ([a-z-]+)", line):
                allowed.add((rule, os.path.basename(name), number))
                if kind == "expect":
                    expected.add((rule, os.path.basename(name), number))

wrong = []
for finding in json.load(sys.stdin)["findings"]:
    places = [finding["place"]] + [step["place"] for step in finding["steps"]]
    here = {(finding["rule"], os.path.basename(p["file"]), p["line"]) for p in places if p}
    if not here & allowed:
        wrong.append("not expected: {file}:{line}: ".format(**finding["place"]) + finding["message"])
    expected -= here
wrong += [f"missing: {file}:{line}: {rule}" for rule, file, line in sorted(expected)]
print("\n".join(wrong) if wrong else "as expected")
sys.exit(1 if wrong else 0)
