"""check_sarif.py SARIF TEXT: do the two reports of one run say the same, and is the SARIF sound in itself?"""
import json
import re
import sys
from urllib.parse import unquote

with open(sys.argv[1], encoding="utf-8") as file:
    log = json.load(file)
with open(sys.argv[2], encoding="utf-8") as file:
    text = file.read()

assert log["version"] == "2.1.0" and len(log["runs"]) == 1
run = log["runs"][0]
rules = run["tool"]["driver"]["rules"]
assert all(rule["help"]["markdown"] and rule["shortDescription"]["text"].endswith(".") for rule in rules)


def locations(node):
    if isinstance(node, dict):
        if "physicalLocation" in node:
            yield node["physicalLocation"]
        for value in node.values():
            yield from locations(value)
    elif isinstance(node, list):
        for value in node:
            yield from locations(value)


def utf16(line, units):
    """The rest of the line after so many UTF-16 code units."""
    return line.encode("utf-16-le")[2 * units:].decode("utf-16-le")


shown = []
for result in run["results"]:
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert result["partialFingerprints"]["snarlKey/v1"]
    assert result["properties"]["tier"] in ("possible", "ordered", "feasible", "confirmed", "actual")
    for location in locations(result):
        artifact = location["artifactLocation"]
        assert run["artifacts"][artifact["index"]]["location"]["uri"] == artifact["uri"]
        region = location["region"]
        base = run["originalUriBaseIds"][artifact["uriBaseId"]]["uri"] if "uriBaseId" in artifact else ""
        with open(unquote((base + artifact["uri"]).removeprefix("file://")), encoding="utf-8") as source:
            line = source.read().split("\n")[region["startLine"] - 1]
        token = utf16(line, region["startColumn"] - 1)[: region["endColumn"] - region["startColumn"]]
        assert re.fullmatch(r"\w+|\W", token), (token, region)
        assert region.get("snippet", {"text": token})["text"] == token, region
    flows = result["codeFlows"][0]["threadFlows"]
    assert len(flows) == len({flow.get("id") for flow in flows})
    assert sum(len(flow["locations"]) for flow in flows) == len(result["relatedLocations"])
    place = result["locations"][0]["physicalLocation"]
    head = f"{unquote(place['artifactLocation']['uri'])}:{place['region']['startLine']}:"
    message = f"{result['level']}: {result['message']['text']} [{result['ruleId']}]"
    printed = [line for line in text.splitlines() if line.startswith(head) and line.endswith(message)]
    assert len(printed) == (0 if result.get("suppressions") else 1), (head, message)
    shown += printed

assert any(r.get("suppressions") for r in run["results"]), "the NOLINT'ed finding is there, as suppressed"
assert any(len(r["codeFlows"][0]["threadFlows"]) > 1 for r in run["results"]), "two sides of a cycle"
assert len(shown) == len(re.findall(r"(?m)^\S+: (?:error|warning): ", text)), "every finding is in both"
