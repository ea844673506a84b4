#pragma once
#include <memory>
#include <string>

namespace dns {

// Where an answer can come from.
class Source {
 public:
  virtual ~Source() = default;
  virtual std::string ask(const std::string& host) = 0;
  virtual bool primed() const { return true; }
};

std::unique_ptr<Source> systemSource();
std::unique_ptr<Source> tableSource();

std::string slurp(const char* path);
int ping(int fd);
int pingNow(int fd);
std::string lower(std::string s);
void backoff(unsigned tries);

}  // namespace dns
