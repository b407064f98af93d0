// The web app's files, read once: with their types, ETags and pre-compressed
// forms.
#ifndef ATRIUM_GATEWAY_HTTP_STATIC_FILES_H_
#define ATRIUM_GATEWAY_HTTP_STATIC_FILES_H_

#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace atrium::gateway {

struct StaticFile {
  std::string content, gzip, brotli;  // The latter two may be empty.
  std::string type;
  std::string etag;
  bool immutable = false;  // Its name holds a hash of its content.
};

class StaticFiles {
 public:
  // Fails if there is no index.html.
  static absl::StatusOr<StaticFiles> Load(const std::string& root);

  // By the path of a URL, "/assets/x.js"; null if there is none.
  const StaticFile* Find(std::string_view path) const;
  const StaticFile& index() const { return *Find("/index.html"); }

 private:
  std::map<std::string, StaticFile, std::less<>> files_;
};

}  // namespace atrium::gateway

#endif  // ATRIUM_GATEWAY_HTTP_STATIC_FILES_H_
