// SARIF 2.1.0 (OASIS Standard, 27 March 2020), as code hosts and editors read it. How a Finding maps:
//
//   rule        tool.driver.rules[ruleIndex], with the documentation that `snarl explain` prints
//   place       locations[0]; function: its logicalLocations
//   steps       relatedLocations, and codeFlows[0] with one threadFlow per side, steps in order
//   stacks      stacks, one per step that has one, innermost frame first
//   witness     codeFlows[1]: one threadFlow per thread, executionOrder over all of them
//   key         partialFingerprints: names instead of lines, so that a result is the same after an edit above it
//   tier        properties.tier
//
// Files below the base directory are written relative to originalUriBaseIds.SRCROOT, which is what code hosts need;
// others as absolute file: URIs. Columns are UTF-16 code units; where the source cannot be read to convert them they
// are left out.
#include "checks/rule.h"
#include "render.h"
#include "sources.h"
#include "text.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MD5.h"
#include "llvm/Support/Path.h"
#include <map>

namespace snarl {
namespace {

using llvm::json::Array;
using llvm::json::Object;

std::string utf8(llvm::StringRef text) {
  return llvm::json::isUTF8(text) ? text.str() : llvm::json::fixUTF8(text);
}

/// SARIF reads "[text](target)" in a message as a link; "operator[](int)" is none.
std::string message_text(llvm::StringRef text) {
  if (!text.contains("](")) return utf8(text);
  std::string escaped;
  for (char c : text) {
    if (c == '[' || c == ']' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return utf8(escaped);
}

Object message(llvm::StringRef text) {
  return Object{{"text", message_text(text)}};
}

/// RFC 3986: everything outside the unreserved characters is written as %XX.
std::string percent_encode(llvm::StringRef path) {
  std::string uri;
  for (unsigned char c : path) {
    if (llvm::isAlnum(c) || llvm::StringRef("-._~/").contains(static_cast<char>(c)))
      uri += static_cast<char>(c);
    else
      uri += "%" + llvm::utohexstr(c, /*LowerCase=*/false, /*Width=*/2);
  }
  return uri;
}

const char *level(Severity severity) {
  return to_string(severity);
} // SARIF uses the same three words

/// "lock-order" -> "LockOrder": the form in which SARIF wants a rule's readable name.
std::string pascal_case(llvm::StringRef name) {
  std::string out;
  bool upper = true;
  for (char c : name) {
    if (c == '-') {
      upper = true;
      continue;
    }
    out += upper ? llvm::toUpper(c) : c;
    upper = false;
  }
  return out;
}

Object reporting_descriptor(const Rule &rule) {
  std::string why = reflow(rule.why), silence = reflow(rule.silence);
  auto code = [](llvm::StringRef text) { return "\n\n```cpp\n" + text.trim('\n').str() + "\n```\n\n"; };
  std::string markdown = sentence(rule.summary) + "\n\n" + why + "\n\nReported:" + code(rule.bad) +
                         "Right:" + code(rule.good) + "On purpose: " + silence + "\n";
  Object descriptor{
      {"id", rule.name},
      {"shortDescription", message(sentence(rule.summary))},
      {"fullDescription", message(sentence(why))},
      {"help", Object{{"text", message_text(why + "\n\nOn purpose: " + silence)}, {"markdown", utf8(markdown)}}},
      {"defaultConfiguration", Object{{"level", level(rule.severity)}, {"enabled", rule.level == Level::On}}},
      {"properties", Object{{"tags", Array{"concurrency"}}}}};
  if (std::string name = pascal_case(rule.name); !llvm::StringRef(name).equals_insensitive(rule.name))
    descriptor["name"] = std::move(name);
  return descriptor;
}

class SarifRenderer {
public:
  explicit SarifRenderer(const ReportInfo &info)
      : info_(info), directory_(absolute_path(info.directory.empty() ? "." : info.directory)) {}

  llvm::json::Value log(const Findings &findings) {
    Array rules;
    for (const Rule *rule : all_rules()) {
      rule_index_[rule->name] = rules.size();
      rules.push_back(reporting_descriptor(*rule));
    }
    Array results;
    for (const Finding &finding : findings) results.push_back(result(finding));
    for (const Suppressed &suppressed : info_.suppressed) {
      Object object = result(suppressed.finding);
      Object suppression{{"kind", suppressed.in_source ? "inSource" : "external"}};
      if (!suppressed.reason.empty()) suppression["justification"] = utf8(suppressed.reason);
      object["suppressions"] = Array{std::move(suppression)};
      results.push_back(std::move(object));
    }
    Object driver{{"name", "snarl"},
                  {"version", SNARL_VERSION},
                  {"semanticVersion", SNARL_VERSION},
                  {"shortDescription", message("Finds data races, deadlocks and blocked coroutines in C and C++.")},
                  {"rules", std::move(rules)}};
    Object base{{"uri", "file://" + percent_encode(directory_ == "/" ? "/" : directory_ + "/")}};
    Object run{{"tool", Object{{"driver", std::move(driver)}}},
               {"automationDetails", Object{{"id", "snarl/" + info_.verb + "/"}}},
               {"invocations", Array{invocation()}},
               {"originalUriBaseIds", Object{{"SRCROOT", std::move(base)}}},
               {"columnKind", "utf16CodeUnits"},
               {"results", std::move(results)}};
    run["artifacts"] = artifacts(); // last: the results have numbered the files
    return Object{{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                  {"version", "2.1.0"},
                  {"runs", Array{std::move(run)}}};
  }

private:
  Object artifact_location(llvm::StringRef file) {
    std::string path = absolute_path(file, directory_);
    auto [it, fresh] = artifact_index_.insert({path, static_cast<unsigned>(artifact_index_.size())});
    Object location = uri_of(path);
    location["index"] = it->second;
    return location;
  }

  Object uri_of(llvm::StringRef path) const {
    if (auto below = path_below(path, directory_))
      return Object{{"uri", percent_encode(*below)}, {"uriBaseId", "SRCROOT"}};
    return Object{{"uri", "file://" + percent_encode(path)}};
  }

  Array artifacts() const {
    Array all;
    for (const auto &[path, index] : artifact_index_) {
      Object artifact{{"location", uri_of(path)}};
      llvm::StringRef extension = llvm::sys::path::extension(path);
      artifact["sourceLanguage"] = extension == ".c" ? "c" : "cplusplus";
      all.push_back(std::move(artifact));
    }
    return all;
  }

  // The identifier at the place. Without its source the line alone is given: it cannot be said what the column counts.
  std::optional<Object> region(const Place &place) {
    if (!place.line) return std::nullopt;
    Object region{{"startLine", place.line}};
    auto line = sources_.line(absolute_path(place.file, directory_), place.line);
    if (!line || !place.column || place.column > line->size()) return region;
    unsigned end = token_end(*line, place.column);
    region["startColumn"] = utf16_column(*line, place.column);
    region["endColumn"] = utf16_column(*line, end);
    region["snippet"] = Object{{"text", utf8(line->slice(place.column - 1, end - 1))}};
    return region;
  }

  /// The source line goes with `context`: once for each finding and each related place is enough for readers without
  /// the sources, and flows repeat those places.
  Object physical_location(const Place &place, bool context) {
    Object location{{"artifactLocation", artifact_location(place.file)}};
    if (auto where = region(place)) {
      if (!context) where->erase("snippet");
      location["region"] = std::move(*where);
      if (!context) return location;
      if (auto line = sources_.line(absolute_path(place.file, directory_), place.line))
        location["contextRegion"] = Object{{"startLine", place.line}, {"snippet", Object{{"text", utf8(*line)}}}};
    }
    return location;
  }

  Object location(const Place &place, llvm::StringRef function, bool context = false) {
    Object location;
    if (!place.file.empty()) location["physicalLocation"] = physical_location(place, context);
    if (!function.empty())
      location["logicalLocations"] = Array{Object{{"fullyQualifiedName", utf8(function)}, {"kind", "function"}}};
    return location;
  }

  Object location(const Step &step, bool context = false) {
    Object object = location(step.place, step.function, context);
    object["message"] = message(step.message);
    return object;
  }

  Array related_locations(const Finding &finding) {
    Array all;
    for (const Step &step : finding.steps) {
      if (!step.place.known()) continue;
      Object related = location(step, /*context=*/true);
      related["id"] = static_cast<int64_t>(all.size());
      all.push_back(std::move(related));
    }
    return all;
  }

  Array thread_flows(const Finding &finding) {
    llvm::MapVector<llvm::StringRef, Array, std::map<llvm::StringRef, unsigned>> sides;
    for (const Step &step : finding.steps) {
      if (!step.place.known()) continue;
      sides[step.side].push_back(
          Object{{"location", location(step)}, {"importance", step.main ? "essential" : "important"}});
    }
    Array flows;
    for (auto &[side, steps] : sides) {
      Object flow{{"locations", std::move(steps)}};
      if (!side.empty()) flow["id"] = utf8(side);
      flows.push_back(std::move(flow));
    }
    return flows;
  }

  Array witness(const Finding &finding) {
    llvm::MapVector<llvm::StringRef, Array, std::map<llvm::StringRef, unsigned>> sides;
    int64_t order = 0;
    for (const Step &step : finding.witness) {
      Object where = step.place.known() ? location(step) : Object{{"message", message(step.message)}};
      sides[step.side].push_back(Object{{"location", std::move(where)}, {"executionOrder", ++order}});
    }
    Array flows;
    for (auto &[side, steps] : sides) flows.push_back(Object{{"id", utf8(side)}, {"locations", std::move(steps)}});
    return flows;
  }

  Array stacks(const Finding &finding) {
    Array all;
    for (const Step &step : finding.steps) {
      if (step.stack.empty()) continue;
      Array frames;
      for (const Frame &frame : step.stack) {
        Object object{{"location", location(frame.place, frame.function.empty() ? "??" : frame.function)}};
        if (!frame.module.empty()) object["module"] = utf8(llvm::sys::path::filename(frame.module));
        frames.push_back(std::move(object));
      }
      std::string text = step.side.empty() ? step.message : step.side + ": " + step.message;
      all.push_back(Object{{"message", message(text)}, {"frames", std::move(frames)}});
    }
    return all;
  }

  Object result(const Finding &finding) {
    Object object{{"ruleId", finding.rule},
                  {"level", level(finding.severity)},
                  {"message", message(finding.message)},
                  {"partialFingerprints", Object{{"snarlKey/v1", fingerprint(finding)}}},
                  {"properties", Object{{"tier", to_string(finding.tier)}}}};
    if (auto it = rule_index_.find(finding.rule); it != rule_index_.end()) object["ruleIndex"] = it->second;
    Object primary = location(finding.place, finding.function, /*context=*/true);
    if (!primary.empty()) object["locations"] = Array{std::move(primary)};
    if (Array related = related_locations(finding); !related.empty()) object["relatedLocations"] = std::move(related);
    Array code_flows;
    if (Array flows = thread_flows(finding); !flows.empty())
      code_flows.push_back(Object{{"threadFlows", std::move(flows)}});
    if (Array flows = witness(finding); !flows.empty())
      code_flows.push_back(
          Object{{"message", message("a schedule of the run that ends so")}, {"threadFlows", std::move(flows)}});
    if (!code_flows.empty()) object["codeFlows"] = std::move(code_flows);
    if (Array all = stacks(finding); !all.empty()) object["stacks"] = std::move(all);
    if (!finding.fixes.empty()) object["fixes"] = Array{fix(finding)};
    if (!finding.names.empty()) {
      Array names;
      for (const std::string &name : finding.names) names.push_back(utf8(name));
      object["properties"].getAsObject()->try_emplace("names", std::move(names));
    }
    return object;
  }

  static std::string fingerprint(const Finding &finding) {
    std::string key = finding.key.empty() ? finding.function + "\n" + finding.message : finding.key;
    return llvm::MD5::hash(llvm::arrayRefFromStringRef(finding.rule + "\n" + key)).digest().str().str();
  }

  // All edits of a finding belong together: one fix, with the edits grouped by file.
  Object fix(const Finding &finding) {
    std::map<std::string, Array> by_file;
    for (const FixIt &edit : finding.fixes) {
      auto column = [&](const Place &place) {
        auto line = sources_.line(absolute_path(place.file, directory_), place.line);
        return line ? utf16_column(*line, place.column) : place.column;
      };
      Object deleted{{"startLine", edit.begin.line},
                     {"startColumn", column(edit.begin)},
                     {"endLine", edit.end.line},
                     {"endColumn", column(edit.end)}};
      by_file[edit.begin.file].push_back(
          Object{{"deletedRegion", std::move(deleted)}, {"insertedContent", Object{{"text", utf8(edit.replacement)}}}});
    }
    Array changes;
    for (auto &[file, edits] : by_file)
      changes.push_back(Object{{"artifactLocation", artifact_location(file)}, {"replacements", std::move(edits)}});
    return Object{{"artifactChanges", std::move(changes)}};
  }

  Object invocation() {
    Array notifications;
    for (const Notice &notice : info_.notices) {
      Object object{{"level", level(notice.severity)}, {"message", message(notice.message)}};
      if (!notice.place.file.empty()) object["locations"] = Array{location(notice.place, "")};
      notifications.push_back(std::move(object));
    }
    Object invocation{{"executionSuccessful", info_.successful},
                      {"workingDirectory", Object{{"uri", "file://" + percent_encode(directory_) + "/"}}}};
    if (!notifications.empty()) invocation["toolExecutionNotifications"] = std::move(notifications);
    return invocation;
  }

  const ReportInfo &info_;
  std::string directory_;
  std::map<std::string, size_t> rule_index_;
  llvm::MapVector<std::string, unsigned, std::map<std::string, unsigned>> artifact_index_;
  Sources sources_;
};

} // namespace

void render_sarif(llvm::raw_ostream &out, const Findings &findings, const ReportInfo &info) {
  llvm::json::OStream json(out, /*IndentSize=*/1);
  json.value(SarifRenderer(info).log(findings));
  out << '\n';
}

llvm::Error write_sarif(llvm::StringRef file, const Findings &findings, const ReportInfo &info) {
  llvm::Error error = llvm::writeToOutput(file, [&](llvm::raw_ostream &out) {
    render_sarif(out, findings, info);
    return llvm::Error::success();
  });
  if (!error) return error;
  return llvm::createStringError("cannot write " + llvm::toString(std::move(error))); // it names the file
}

} // namespace snarl
