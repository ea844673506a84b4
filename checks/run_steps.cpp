#include "run_steps.h"
#include <algorithm>
#include <fmt/format.h>

namespace snarl {

Step run_step(const Run &run, const std::string &side, StackId stack, std::string message) {
  return run_step(side, run.frames(stack), std::move(message));
}

Stack callers_frames(const Run &run, StackId stack) {
  Stack frames = run.frames(stack);
  auto in_libc = [](const Frame &frame) {
    std::string object = frame.module.substr(frame.module.rfind('/') + 1);
    return object.rfind("libc.so", 0) == 0 || object.rfind("libc-", 0) == 0 || object == "[vdso]";
  };
  auto first = std::find_if_not(frames.begin(), frames.end(), in_libc);
  if (first != frames.end()) frames.erase(frames.begin(), first);
  return frames;
}

std::string function_of(const Stack &frames) {
  if (frames.empty()) return {};
  const Frame &frame = frames.front();
  if (!frame.function.empty() || frame.module.empty()) return frame.function;
  return fmt::format("{}+{:#x}", frame.module.substr(frame.module.rfind('/') + 1), frame.offset);
}

Step run_step(const std::string &side, Stack frames, std::string message) {
  Step step;
  step.stack = std::move(frames);
  for (const Frame &frame : step.stack)
    if (frame.place.known()) {
      step.place = frame.place;
      break;
    }
  if (!step.stack.empty()) {
    step.function = step.stack.front().function;
    if (!step.place.known()) step.place.file = step.stack.front().module; // better than nothing: the object file
  }
  step.message = std::move(message);
  step.side = side;
  return step;
}

void add_created(const Run &run, ThreadId thread, const std::string &side, Finding &finding) {
  auto found = run.threads.find(thread);
  if (found == run.threads.end() || thread == 1 || found->second.created == 0) return;
  Step step = run_step(run, side, found->second.created, side + " was created here");
  if (step.stack.empty()) return;
  step.main = false;
  finding.steps.push_back(std::move(step));
}

std::string enumerate(const std::vector<std::string> &words) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i) text += i + 1 == words.size() ? " and " : ", ";
    text += words[i];
  }
  return text;
}

void set_place(Finding &finding, size_t index) {
  finding.place = finding.steps[index].place;
  finding.function = finding.steps[index].function;
}

std::string Schedule::text(const std::string &title) const {
  constexpr size_t page = 80, indent = 4, gap = 2;
  std::vector<size_t> width(threads_.size());
  for (size_t i = 0; i < threads_.size(); ++i) width[i] = threads_[i].size();
  for (const Move &move : moves_) width[move.thread] = std::max(width[move.thread], move.what.size());
  size_t total = indent;
  for (size_t w : width) total += w + gap;

  std::string out = "  " + title + ":\n";
  auto line = [&](const std::string &text) { out += text.substr(0, text.find_last_not_of(' ') + 1) + "\n"; };
  auto cell = [&](size_t column, const std::string &text) {
    return text + std::string(width[column] + gap - text.size(), ' ');
  };
  if (total - gap > page) {
    for (const Move &move : moves_) line(std::string(indent, ' ') + threads_[move.thread] + ": " + move.what);
    return out;
  }
  std::string head(indent, ' ');
  for (size_t i = 0; i < threads_.size(); ++i) head += cell(i, threads_[i]);
  line(head);
  for (const Move &move : moves_) {
    std::string row(indent, ' ');
    for (size_t i = 0; i < threads_.size(); ++i) row += cell(i, i == move.thread ? move.what : "");
    line(row);
  }
  return out;
}

} // namespace snarl
