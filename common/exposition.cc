#include "common/exposition.h"

#include "common/str_cat.h"

namespace atrium {

void Histogram::Observe(double seconds) {
  ++count;
  sum += seconds;
  for (size_t i = 0; i < bounds.size(); ++i) {
    if (seconds > bounds[i]) continue;
    ++counts[i];
    return;
  }
}

void Exposition::Head(std::string_view name, std::string_view type, std::string_view help) {
  StrAppend(&text_, "# HELP ", prefix_, name, " ", help, "\n# TYPE ", prefix_, name, " ", type,
            "\n");
}

void Exposition::One(std::string_view name, std::string_view type, std::string_view help,
                     int64_t value) {
  Head(name, type, help);
  StrAppend(&text_, prefix_, name, " ", value, "\n");
}

void Exposition::Each(std::string_view name, std::string_view type, std::string_view help,
                      std::string_view label, const std::map<std::string, int64_t>& values) {
  Head(name, type, help);
  for (const auto& [key, value] : values) {
    StrAppend(&text_, prefix_, name, "{", label, "=\"", key, "\"} ", value, "\n");
  }
}

void Exposition::EachSeconds(std::string_view name, std::string_view help, std::string_view label,
                             const std::map<std::string, double>& seconds) {
  Head(name, "counter", help);
  for (const auto& [key, value] : seconds) {
    StrAppend(&text_, prefix_, name, "{", label, "=\"", key, "\"} ", value, "\n");
  }
}

void Exposition::Durations(std::string_view name, std::string_view help,
                           const Histogram& histogram) {
  Head(name, "histogram", help);
  int64_t so_far = 0;
  for (size_t i = 0; i < histogram.bounds.size(); ++i) {
    so_far += histogram.counts[i];
    StrAppend(&text_, prefix_, name, "_bucket{le=\"", histogram.bounds[i], "\"} ", so_far, "\n");
  }
  StrAppend(&text_, prefix_, name, "_bucket{le=\"+Inf\"} ", histogram.count, "\n");
  StrAppend(&text_, prefix_, name, "_sum ", histogram.sum, "\n");
  StrAppend(&text_, prefix_, name, "_count ", histogram.count, "\n");
}

}  // namespace atrium
