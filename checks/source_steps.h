// Turns chains of the linked program into the steps of a finding.
#pragma once
#include "finding.h"
#include "program.h"

namespace snarl {

/// "'Account::mu'"
std::string quoted(const Program &program, const Path &path);
Step source_step(const Program &program, const Hop &hop, std::string message, std::string side = {});
/// One step per call of the chain ("calls 'Bus::off'"), and `last` at its end.
void add_chain(const Program &program, Finding &finding, const Chain &chain, const std::string &last,
               const std::string &side = {});
/// How a context is reached: calls from the agent's entry down to the function, at most `limit`.
void add_callers(const Program &program, Finding &finding, const Context &context, size_t limit,
                 const std::string &side = {});
/// Primary place and function of the finding.
void set_primary(const Program &program, Finding &finding, const Hop &hop);

} // namespace snarl
