// How the built-in tables are filled. Internal to models*.cpp.
#pragma once
#include "models.h"

namespace snarl {

struct ModelTables {
  Models &models;
  void type(llvm::StringRef name, TypeModel model) { models.types_[name] = model; }
  void types(std::initializer_list<llvm::StringRef> names, TypeModel model) {
    for (llvm::StringRef name : names) type(name, model);
  }
  void call(llvm::StringRef name, CallModel model) { models.calls_[name] = model; }
  void calls(std::initializer_list<llvm::StringRef> names, CallModel model) {
    for (llvm::StringRef name : names) call(name, model);
  }
};

void add_lock_models(ModelTables &t);
void add_thread_models(ModelTables &t);
void add_blocking_models(ModelTables &t);
void add_library_models(ModelTables &t);

} // namespace snarl
