#include "source_steps.h"
#include <fmt/format.h>

namespace snarl {

std::string quoted(const Program &program, const Path &path) {
  return fmt::format("'{}'", program.name_of(path));
}

Step source_step(const Program &program, const Hop &hop, std::string message, std::string side) {
  Step s;
  s.place = hop.site.place();
  s.message = std::move(message);
  s.side = std::move(side);
  s.function = program.name_of(hop.in);
  return s;
}

void add_chain(const Program &program, Finding &finding, const Chain &chain, const std::string &last,
               const std::string &side) {
  for (size_t i = 0; i < chain.size(); ++i) {
    bool end = i + 1 == chain.size();
    std::string callee = chain[i].callee.str().str();
    finding.steps.push_back(source_step(program, chain[i],
                                        end              ? last
                                        : callee.empty() ? "calls what was stored"
                                                         : fmt::format("calls '{}'", callee),
                                        side));
  }
}

void add_callers(const Program &program, Finding &finding, const Context &context, size_t limit,
                 const std::string &side) {
  std::vector<Step> calls;
  const Context *c = &context;
  while (c->caller != kNoFunction && calls.size() < limit) {
    calls.push_back(source_step(program, Hop{c->call_site, c->caller, {}}, "called from here", side));
    calls.back().main = false;
    const auto &callers = program.info[c->caller].contexts;
    if (c->caller_context >= callers.size()) break;
    c = &callers[c->caller_context];
  }
  finding.steps.insert(finding.steps.end(), calls.rbegin(), calls.rend());
}

void set_primary(const Program &program, Finding &finding, const Hop &hop) {
  finding.place = hop.site.place();
  finding.function = program.name_of(hop.in);
}

} // namespace snarl
