// From the Clang AST of one translation unit to facts. See facts.h for what they are.
#pragma once
#include "facts.h"
#include "models.h"
#include "clang/AST/ASTConsumer.h"
#include <memory>

namespace snarl {

struct ExtractOptions {
  unsigned max_blocks = 4000; ///< functions with more are cut to their declaration and counted in Facts::bounded
  unsigned max_ops = 40000;
  unsigned max_lambda_depth = 16;
  uint64_t *spent = nullptr; ///< nanoseconds of CPU time that extraction took are added to it, if given
};

/// Fills `out` when the translation unit ends. Bodies of functions in system headers are skipped by the consumer; the
/// caller sets FrontendOptions::SkipFunctionBodies. `models` must outlive the consumer.
std::unique_ptr<clang::ASTConsumer> make_facts_consumer(Facts &out, const Models &models, ExtractOptions options = {});

/// The same for an AST that exists already (the clang-tidy plugin).
void extract_facts(clang::ASTContext &context, Facts &out, const Models &models, ExtractOptions options = {});

} // namespace snarl
