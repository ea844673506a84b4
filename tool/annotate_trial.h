// Annotations on trial: which of them Clang's own analysis agrees with.
#pragma once
#include "annotate_places.h"
#include "reading.h"

namespace snarl {

/// What is to be changed in the sources.
struct Trial {
  Trial(const Commands &commands, unsigned jobs, const Findings &findings, Sources &sources)
      : commands(commands), jobs(jobs), findings(findings), sources(sources) {}

  const Commands &commands;
  unsigned jobs;
  const Findings &findings;
  Sources &sources;

  std::vector<Annotation> annotations;
  std::vector<bool> alive; ///< parallel to it
  std::map<std::string, FileEdits> edits;
  std::map<Spot, std::set<size_t>> names;
  std::vector<Places::Body> bodies;
  std::string prefix;      ///< of the macros
  std::string header;      ///< absolute path of the macro header
  std::string header_text; ///< what it will hold

  std::map<std::string, unsigned> dropped; ///< why -> how many
  std::set<std::string> explained;         ///< "file:line: what", warnings that say what a finding says
  std::set<std::string> left; ///< others that stay: Clang cannot follow the code there, and it cannot be said there

  /// Drops annotations until Clang has nothing to say but what the findings say. False if that does not come to an end.
  bool run();
  /// The files as they would be, without those that stay as they are.
  std::map<std::string, std::string> changed() const;

private:
  bool round();
  void judge(const Complaint &complaint, std::map<size_t, std::set<size_t>> &against,
             std::map<size_t, std::string> &refuted);
  unsigned original(const std::string &file, unsigned offset, std::set<size_t> *owners = nullptr) const;
  void drop(size_t annotation, const std::string &why);
  FileEdits edits_of(const std::string &file) const;
  size_t body_at(const Spot &spot) const;
  bool is_found(const Spot &spot);

  std::map<std::string, FileEdits> living_; ///< edits_of() in this round
  std::set<size_t> unanalysed_;             ///< bodies that are taken out of the analysis
};

} // namespace snarl
