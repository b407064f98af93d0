// Structured logging: one line per happening, `key=value` pairs behind a short
// sentence. Safe on any thread. Never log a token, typed input or audio.
#ifndef ATRIUM_COMMON_LOG_H_
#define ATRIUM_COMMON_LOG_H_

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "common/str_cat.h"

namespace atrium {

// One `key=value`; anything that StrCat takes is a value.
struct LogField {
  template <typename T>
  LogField(std::string_view k, const T& v) : key(k), value(StrCat(v)) {}
  std::string_view key;
  std::string value;
};

// Sets the process's name and the lowest level ("debug", "info", "warning",
// "error") that is written to stderr. Call once, first.
void InitLog(std::string_view process, std::string_view level);

void LogDebug(std::string_view what, std::initializer_list<LogField> fields = {});
void LogInfo(std::string_view what, std::initializer_list<LogField> fields = {});
void LogWarning(std::string_view what, std::initializer_list<LogField> fields = {});
void LogError(std::string_view what, std::initializer_list<LogField> fields = {});

}  // namespace atrium

#endif  // ATRIUM_COMMON_LOG_H_
