// A document store with snapshots and a parser.
#include <cctype>
#include <charconv>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <variant>
#include <vector>

struct Value;
using Array = std::vector<Value>;
using Object = std::map<std::string, Value, std::less<>>;
struct Value {
  std::variant<std::nullptr_t, bool, double, std::string, std::shared_ptr<Array>, std::shared_ptr<Object>> v;
};

class Parser {
public:
  explicit Parser(std::string_view text) : text_(text) {}
  Value parse() {
    skip();
    if (at_ >= text_.size()) throw std::runtime_error("empty");
    switch (text_[at_]) {
    case '{': return object();
    case '[': return array();
    case '"': return {string()};
    default: return number();
    }
  }

private:
  void skip() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  bool eat(char c) {
    skip();
    return at_ < text_.size() && text_[at_] == c && ++at_;
  }
  std::string string() {
    std::string out;
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) out += text_[at_];
    ++at_;
    return out;
  }
  Value number() {
    double d = 0;
    auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), d);
    if (error != std::errc()) throw std::runtime_error("not a number");
    at_ = std::size_t(end - text_.data());
    return {d};
  }
  Value array() {
    auto out = std::make_shared<Array>();
    for (++at_; !eat(']'); eat(',')) out->push_back(parse());
    return {out};
  }
  Value object() {
    auto out = std::make_shared<Object>();
    for (++at_; !eat('}'); eat(',')) {
      skip();
      std::string key = string();
      eat(':');
      out->emplace(std::move(key), parse());
    }
    return {out};
  }
  std::string_view text_;
  std::size_t at_ = 0;
};

class Store {
public:
  void put(const std::string &key, std::string_view text) {
    auto value = std::make_shared<const Value>(Parser(text).parse());
    std::unique_lock lock(mutex_);
    documents_.insert_or_assign(key, std::move(value));
  }
  std::shared_ptr<const Value> get(std::string_view key) const {
    std::shared_lock lock(mutex_);
    auto it = documents_.find(key);
    return it == documents_.end() ? nullptr : it->second;
  }
  std::size_t size() const {
    std::shared_lock lock(mutex_);
    return documents_.size();
  }

private:
  mutable std::shared_mutex mutex_;
  std::map<std::string, std::shared_ptr<const Value>, std::less<>> documents_;
};

int main() {
  Store store;
  std::vector<std::thread> writers;
  for (int i = 0; i < 4; ++i)
    writers.emplace_back([&store, i] { store.put(std::to_string(i), "{\"a\": [1, 2, {\"b\": \"c\"}]}"); });
  for (auto &w : writers) w.join();
  std::cout << store.size() << (store.get("1") != nullptr) << '\n';
}
