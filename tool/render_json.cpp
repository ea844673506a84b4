// One JSON object per report; the schema, with its version, is described in docs/output.md.
#include "render.h"
#include "sources.h"
#include "llvm/Support/JSON.h"

namespace snarl {
namespace {

using llvm::json::OStream;

void text(OStream &json, llvm::StringRef name, llvm::StringRef value) {
  json.attribute(name, llvm::json::isUTF8(value) ? value.str() : llvm::json::fixUTF8(value));
}

void place(OStream &json, llvm::StringRef name, const Place &place, const ReportInfo &info) {
  if (place.file.empty()) return;
  json.attributeObject(name, [&] {
    text(json, "file", shown_path(place.file, info.directory));
    if (place.line) json.attribute("line", place.line);
    if (place.column) json.attribute("column", place.column);
  });
}

void frame(OStream &json, const Frame &frame, const ReportInfo &info) {
  json.object([&] {
    text(json, "function", frame.function);
    place(json, "place", frame.place, info);
    if (!frame.module.empty()) {
      text(json, "module", frame.module);
      json.attribute("offset", frame.offset);
    }
    if (frame.inlined) json.attribute("inlined", true);
  });
}

void step(OStream &json, const Step &step, const ReportInfo &info) {
  json.object([&] {
    place(json, "place", step.place, info);
    text(json, "message", step.message);
    if (!step.side.empty()) text(json, "side", step.side);
    if (!step.function.empty()) text(json, "function", step.function);
    json.attribute("main", step.main);
    if (!step.stack.empty())
      json.attributeArray("stack", [&] {
        for (const Frame &f : step.stack) frame(json, f, info);
      });
  });
}

void fix(OStream &json, const FixIt &fix, const ReportInfo &info) {
  json.object([&] {
    place(json, "begin", fix.begin, info);
    place(json, "end", fix.end, info);
    text(json, "replacement", fix.replacement);
  });
}

void finding(OStream &json, const Finding &finding, const ReportInfo &info) {
  text(json, "rule", finding.rule);
  json.attribute("severity", to_string(finding.severity));
  json.attribute("tier", to_string(finding.tier));
  text(json, "message", finding.message);
  place(json, "place", finding.place, info);
  if (!finding.function.empty()) text(json, "function", finding.function);
  text(json, "key", finding.key);
  json.attributeArray("steps", [&] {
    for (const Step &s : finding.steps) step(json, s, info);
  });
  if (!finding.names.empty())
    json.attributeArray("names", [&] {
      for (const std::string &name : finding.names) json.value(llvm::json::fixUTF8(name));
    });
  if (!finding.witness.empty())
    json.attributeArray("witness", [&] {
      for (const Step &s : finding.witness) step(json, s, info);
    });
  if (!finding.schedule.empty()) text(json, "schedule", finding.schedule);
  if (!finding.fixes.empty())
    json.attributeArray("fixes", [&] {
      for (const FixIt &f : finding.fixes) fix(json, f, info);
    });
}

} // namespace

void render_json(llvm::raw_ostream &out, const Findings &findings, const ReportInfo &info) {
  OStream json(out, /*IndentSize=*/2);
  json.object([&] {
    json.attribute("format", "snarl-report");
    json.attribute("formatVersion", 1);
    json.attribute("snarlVersion", SNARL_VERSION);
    text(json, "verb", info.verb);
    json.attribute("successful", info.successful);
    json.attributeArray("findings", [&] {
      for (const Finding &f : findings) json.object([&] { finding(json, f, info); });
    });
    json.attributeArray("suppressed", [&] {
      for (const Suppressed &s : info.suppressed)
        json.object([&] {
          json.attribute("by", s.in_source ? "comment" : "file");
          if (!s.reason.empty()) text(json, "reason", s.reason);
          finding(json, s.finding, info);
        });
    });
    json.attributeArray("notices", [&] {
      for (const Notice &n : info.notices)
        json.object([&] {
          json.attribute("severity", to_string(n.severity));
          text(json, "message", n.message);
          place(json, "place", n.place, info);
        });
    });
  });
  out << '\n';
}

} // namespace snarl
