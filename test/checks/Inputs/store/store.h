#pragma once
#include <memory>
#include <string>
class Store {
 public:
  Store();
  ~Store();
  void put(const std::string& k, std::string v);
  std::string get(const std::string& k) const;
  std::size_t size() const;
  void rebuild();
  void compact();
  void compactNow();
 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};
