#include "control/agent/realtime_address.h"

#include <glib.h>

#include "absl/strings/match.h"
#include "common/str_cat.h"

namespace atrium::control {
namespace {

constexpr char kUnixPrefix[] = "ws+unix:";
constexpr char kLocal[] = "ws://localhost/v1/realtime";

std::string Escape(const std::string& text) {
  gchar* escaped = g_uri_escape_string(text.c_str(), nullptr, FALSE);
  std::string out = escaped;
  g_free(escaped);
  return out;
}

std::string BaseOf(const std::string& url) { return UnixPathOf(url).empty() ? url : kLocal; }

std::string HostOf(const std::string& url) {
  const size_t begin = url.find("://");
  if (begin == std::string::npos) return "";
  const std::string rest = url.substr(begin + 3);
  return rest.substr(0, rest.find_first_of(":/?"));
}

bool IsAzure(const std::string& url) {
  const std::string host = HostOf(url);
  return absl::EndsWith(host, ".azure.com") || absl::EndsWith(host, ".azure.us") ||
         absl::EndsWith(host, ".azure.cn");
}

}  // namespace

std::string UnixPathOf(const std::string& url) {
  return absl::StartsWith(url, kUnixPrefix) ? url.substr(sizeof kUnixPrefix - 1) : "";
}

bool IsLiveUrl(const std::string& url) {
  std::string path = url.substr(0, url.find('?'));
  while (!path.empty() && path.back() == '/') path.pop_back();
  return absl::EndsWith(path, "/live/sessions");
}

std::string SocketUrlOf(const RealtimeOptions& options) {
  const std::string base = BaseOf(options.url);
  // There the model is a part of what is said first.
  if (IsLiveUrl(base)) return base;
  const char* join = base.find('?') == std::string::npos ? "?" : "&";
  return StrCat(base, join, "model=", Escape(options.model));
}

std::string SecretsUrlOf(const RealtimeOptions& options) {
  const std::string base = BaseOf(options.url);
  const size_t query = base.find('?');
  std::string path = base.substr(0, query);
  while (!path.empty() && path.back() == '/') path.pop_back();
  // ws becomes http, wss https.
  if (absl::StartsWith(path, "ws")) path = "http" + path.substr(2);
  return StrCat(path, "/client_secrets", query == std::string::npos ? "" : base.substr(query));
}

std::pair<std::string, std::string> KeyHeaderOf(const RealtimeOptions& options) {
  if (options.key.empty()) return {};
  if (IsAzure(options.url)) return {"api-key", options.key};
  return {"Authorization", "Bearer " + options.key};
}

}  // namespace atrium::control
