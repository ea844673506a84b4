// Findings in clang's format, so that editors, CI annotators and eyes that know clang's output know ours:
//
//   src/bus.cpp:41:10: error: locks are taken in opposite orders [lock-order]
//      41 |   mu_.lock();
//         |       ^
//   src/queue.cpp:12:3: note: the other order is taken here
//
// A finding from a run also carries its tier, [lock-order, ordered], and numbered stacks.
#include "render.h"
#include "sources.h"
#include "text.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Locale.h"
#include "llvm/Support/Path.h"
#include <set>

namespace snarl {
namespace {

using Colour = llvm::raw_ostream::Colors;

class TextRenderer {
public:
  TextRenderer(llvm::raw_ostream &out, const TextOptions &options) : out_(out), options_(options) {
    out_.enable_colors(options.colour);
  }

  void finding(const Finding &finding) {
    bool from_run = finding.tier >= Tier::Feasible; // the source alone never knows more than the order
    std::set<llvm::StringRef> sides;
    for (const Step &step : finding.steps) {
      from_run |= !step.stack.empty();
      sides.insert(step.side);
    }
    std::string tag = from_run ? llvm::formatv("{0}, {1}", finding.rule, to_string(finding.tier)).str() : finding.rule;
    last_snippet_ = {};
    head(finding.place, to_string(finding.severity), finding.message, tag);
    snippet(finding.place, finding.fixes);
    for (const Step &step : finding.steps) note(step, sides.size() > 1);
    schedule(finding.schedule);
  }

private:
  void paint(Colour colour, bool bold, llvm::StringRef text) {
    out_.changeColor(colour, bold) << text;
    out_.resetColor();
  }
  void bold(const llvm::Twine &text) {
    out_.changeColor(Colour::SAVEDCOLOR, true) << text;
    out_.resetColor();
  }

  std::string location(const Place &place) const {
    std::string text = shown_path(place.file, options_.directory);
    if (place.line) text += ":" + llvm::utostr(place.line);
    if (place.line && place.column) text += ":" + llvm::utostr(place.column);
    return text;
  }

  void head(const Place &place, llvm::StringRef severity, llvm::StringRef message, llvm::StringRef tag) {
    bold((place.file.empty() ? std::string("snarl") : location(place)) + ": ");
    Colour colour = severity == "error" ? Colour::RED : severity == "warning" ? Colour::MAGENTA : Colour::BLACK;
    paint(severity == "note" ? Colour::CYAN : colour, true, (severity + ": ").str());
    if (severity == "note" && tag.empty())
      out_ << message;
    else
      bold(message + " [" + tag + "]");
    out_ << '\n';
  }

  void note(const Step &step, bool name_side) {
    std::string message = step.message;
    if (name_side && !step.side.empty() && !llvm::StringRef(message).contains_insensitive(step.side))
      message = step.side + ": " + message;
    head(step.place, "note", message, "");
    if (step.stack.empty())
      snippet(step.place, {});
    else
      stack(step.stack);
  }

  // As clang prints it: line number, source, caret; tabs are expanded so that the caret stands under its character.
  void snippet(const Place &place, const std::vector<FixIt> &fixes) {
    if (!options_.snippets || !place.known()) return;
    auto line = sources_.line(absolute_path(place.file, options_.directory), place.line);
    if (!line || place == last_snippet_) return;
    last_snippet_ = place;
    auto [text, caret] = expand(*line, place.column);
    if (text.size() > kLongLine) return;
    out_ << llvm::format("%5u", place.line) << " | " << text << '\n';
    if (!place.column) return;
    std::string margin = std::string(std::max<size_t>(5, llvm::utostr(place.line).size()), ' ') + " | ";
    out_ << margin << std::string(caret, ' ');
    paint(Colour::GREEN, true, "^");
    out_ << '\n';
    for (const FixIt &fix : fixes) {
      if (fix.begin.file != place.file || fix.begin.line != place.line || fix.replacement.empty()) continue;
      out_ << margin << std::string(expand(*line, fix.begin.column).second, ' ');
      paint(Colour::GREEN, false, llvm::StringRef(fix.replacement).split('\n').first);
      out_ << '\n';
    }
  }

  // The line without tabs, and how many columns stand before byte column `column`.
  static std::pair<std::string, size_t> expand(llvm::StringRef line, unsigned column) {
    constexpr size_t kTab = 8;
    std::string text;
    size_t caret = 0;
    auto width = [&] { return std::max(0, llvm::sys::locale::columnWidth(text)); };
    for (size_t i = 0; i <= line.size(); ++i) {
      if (i + 1 == column) caret = width();
      if (i == line.size()) break;
      if (line[i] == '\t')
        text.append(kTab - width() % kTab, ' ');
      else
        text += line[i];
    }
    return {text, caret};
  }

  // "#0 function at file:line", on two lines when it would be wider than the terminal.
  void stack(const Stack &frames) {
    size_t number_width = llvm::utostr(frames.empty() ? 0 : frames.size() - 1).size();
    for (size_t i = 0; i < frames.size(); ++i) {
      const Frame &frame = frames[i];
      std::string number = "    #" + llvm::utostr(i) + std::string(number_width - llvm::utostr(i).size() + 1, ' ');
      std::string function = frame.function.empty() ? "??" : frame.function;
      if (frame.inlined) function += " (inlined)";
      std::string where;
      if (frame.place.known())
        where = location(frame.place);
      else if (!frame.module.empty())
        where = llvm::formatv("{0}+{1:x}", llvm::sys::path::filename(frame.module), frame.offset);
      out_ << number;
      bold(function);
      if (!where.empty()) {
        bool fits = number.size() + function.size() + 4 + where.size() <= options_.width;
        out_ << (fits ? " at " : "\n" + std::string(number.size(), ' ') + "at ") << where;
      }
      out_ << '\n';
    }
  }

  void schedule(llvm::StringRef text) {
    while (!text.empty()) {
      auto [line, rest] = text.split('\n');
      out_ << (line.empty() ? "" : "    ") << line << '\n';
      text = rest;
    }
  }

  static constexpr size_t kLongLine = 1000; // generated code: the line would bury the message

  llvm::raw_ostream &out_;
  const TextOptions &options_;
  Sources sources_;
  Place last_snippet_; ///< shown once when a finding and its first step are at the same place
};

} // namespace

void render_text(llvm::raw_ostream &out, const Findings &findings, const TextOptions &options) {
  TextRenderer renderer(out, options);
  for (const Finding &finding : findings) renderer.finding(finding);
}

std::string summary_line(const Findings &findings, const ReportInfo &info) {
  std::string text;
  auto count = [&](size_t n, llvm::StringRef what) {
    if (n) text += (text.empty() ? "" : ", ") + counted(n, what);
  };
  size_t by_severity[3] = {};
  for (const Finding &finding : findings) ++by_severity[static_cast<int>(finding.severity)];
  count(by_severity[static_cast<int>(Severity::Error)], "error");
  count(by_severity[static_cast<int>(Severity::Warning)], "warning");
  count(by_severity[static_cast<int>(Severity::Note)], "note");
  if (text.empty()) text = "no findings";
  if (!info.suppressed.empty()) text += " (" + llvm::utostr(info.suppressed.size()) + " suppressed)";
  return text;
}

} // namespace snarl
