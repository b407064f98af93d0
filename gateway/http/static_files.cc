#include "gateway/http/static_files.h"

#include <glib.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "common/errors.h"
#include "common/str_cat.h"

namespace atrium::gateway {
namespace {

namespace fs = std::filesystem;

std::string TypeOf(const std::string& extension) {
  static const std::map<std::string, std::string> kTypes = {
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".json", "application/json"},
      {".webmanifest", "application/manifest+json"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".ico", "image/x-icon"},
      {".woff2", "font/woff2"},
      {".wasm", "application/wasm"},
      {".map", "application/json"},
      {".txt", "text/plain; charset=utf-8"}};
  auto it = kTypes.find(extension);
  return it == kTypes.end() ? "application/octet-stream" : it->second;
}

std::string ReadAll(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string EtagOf(const std::string& content) {
  gchar* hex = g_compute_checksum_for_string(G_CHECKSUM_SHA256, content.data(),
                                             static_cast<gssize>(content.size()));
  std::string etag = StrCat("\"", std::string(hex, 16), "\"");
  g_free(hex);
  return etag;
}

}  // namespace

absl::StatusOr<StaticFiles> StaticFiles::Load(const std::string& root) {
  StaticFiles files;
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(root, error)) {
    const fs::path& path = entry.path();
    if (!entry.is_regular_file() || path.extension() == ".gz" || path.extension() == ".br") continue;
    const std::string url = StrCat("/", fs::relative(path, root).generic_string());
    StaticFile& file = files.files_[url];
    file.content = ReadAll(path);
    file.type = TypeOf(path.extension());
    file.etag = EtagOf(file.content);
    file.immutable = url.rfind("/assets/", 0) == 0;
    if (fs::exists(path.string() + ".gz")) file.gzip = ReadAll(path.string() + ".gz");
    if (fs::exists(path.string() + ".br")) file.brotli = ReadAll(path.string() + ".br");
  }
  if (error || files.Find("/index.html") == nullptr) {
    return MakeError(absl::StatusCode::kFailedPrecondition,
                     StrCat("No web app in ", root, ": build it (npm run build in web/)"),
                     {.reason = "NO_WEB_APP", .field = "web_root"});
  }
  return files;
}

const StaticFile* StaticFiles::Find(std::string_view path) const {
  auto it = files_.find(path);
  return it == files_.end() ? nullptr : &it->second;
}

}  // namespace atrium::gateway
