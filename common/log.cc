#include "common/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "absl/strings/escaping.h"

namespace atrium {
namespace {

void Write(spdlog::level::level_enum level, std::string_view what,
           std::initializer_list<LogField> fields) {
  spdlog::logger* logger = spdlog::default_logger_raw();
  if (!logger->should_log(level)) return;
  std::string line(what);
  for (const LogField& field : fields) {
    StrAppend(&line, " ", field.key, "=");
    if (field.value.find_first_of(" \"\n\t=") == std::string::npos && !field.value.empty()) {
      line += field.value;
    } else {
      StrAppend(&line, "\"", absl::CHexEscape(field.value), "\"");
    }
  }
  logger->log(level, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace

void InitLog(std::string_view process, std::string_view level) {
  auto logger = spdlog::stderr_logger_mt(std::string(process));
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e %n %l %v");
  logger->set_level(spdlog::level::from_str(std::string(level)));
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

void LogDebug(std::string_view what, std::initializer_list<LogField> fields) {
  Write(spdlog::level::debug, what, fields);
}
void LogInfo(std::string_view what, std::initializer_list<LogField> fields) {
  Write(spdlog::level::info, what, fields);
}
void LogWarning(std::string_view what, std::initializer_list<LogField> fields) {
  Write(spdlog::level::warn, what, fields);
}
void LogError(std::string_view what, std::initializer_list<LogField> fields) {
  Write(spdlog::level::err, what, fields);
}

}  // namespace atrium
