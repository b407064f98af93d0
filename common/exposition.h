// Exposition writes figures as Prometheus reads them, text format 0.0.4. Pure.
#ifndef ATRIUM_COMMON_EXPOSITION_H_
#define ATRIUM_COMMON_EXPOSITION_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace atrium {

// How long things took: how many were at most so long, and all together.
struct Histogram {
  explicit Histogram(std::vector<double> upper_bounds)
      : bounds(std::move(upper_bounds)), counts(bounds.size(), 0) {}

  void Observe(double seconds);

  const std::vector<double> bounds;
  std::vector<int64_t> counts;  // Of those above the bound before, up to this one.
  int64_t count = 0;
  double sum = 0;
};

class Exposition {
 public:
  // Every name begins with `prefix`, for example "atrium_gateway_".
  explicit Exposition(std::string_view prefix) : prefix_(prefix) {}

  // `type` is "gauge" or "counter".
  void One(std::string_view name, std::string_view type, std::string_view help, int64_t value);
  // One for each value of a label; values are our own constants, with nothing in them that
  // must be escaped.
  void Each(std::string_view name, std::string_view type, std::string_view help,
            std::string_view label, const std::map<std::string, int64_t>& values);
  // The same, of seconds that only become more.
  void EachSeconds(std::string_view name, std::string_view help, std::string_view label,
                   const std::map<std::string, double>& seconds);
  void Durations(std::string_view name, std::string_view help, const Histogram& histogram);

  const std::string& text() const { return text_; }

 private:
  void Head(std::string_view name, std::string_view type, std::string_view help);

  const std::string prefix_;
  std::string text_;
};

}  // namespace atrium

#endif  // ATRIUM_COMMON_EXPOSITION_H_
