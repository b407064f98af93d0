// The arrows of ARCHITECTURE.md, held against every #include.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>

namespace atrium {
namespace {

namespace fs = std::filesystem;

// Which rooms a room's files may include, beside their own.
const std::map<std::string, std::set<std::string>>& Arrows() {
  static const std::map<std::string, std::set<std::string>> kArrows = {
      {"common", {}},
      {"control", {"common"}},
      {"terminal", {"common"}},
      {"terminal/screen", {}},
      {"media", {"common"}},
      {"gateway", {"common"}},
      {"gateway/ws", {"common", "gateway"}},
      {"gateway/compat", {"common", "gateway", "gateway/ws"}},
      {"control/store", {"common"}},
      {"control/auth", {"common", "control/store", "control"}},
      {"control/session",
       {"common", "control", "control/agent", "control/auth", "control/store"}},
  };
  return kArrows;
}

// The most specific room that a path lies in.
std::string RoomOf(std::string path) {
  while (!path.empty() && Arrows().count(path) == 0) {
    const size_t slash = path.rfind('/');
    path = slash == std::string::npos ? "" : path.substr(0, slash);
  }
  return path;
}

bool Allowed(const std::string& from, const std::string& to) {
  if (from == to) return true;
  if (Arrows().at(from).count(to) > 0) return true;
  // A room's own root may use the rooms inside it.
  return to.rfind(from + "/", 0) == 0;
}

TEST(LayeringTest, EveryIncludeFollowsTheArrows) {
  const fs::path root = ATRIUM_SOURCE_DIR;
  const std::regex include("^#include \"([a-z_]+/[^\"]+)\"");
  int checked = 0;
  for (const char* top : {"common", "control", "terminal", "media", "gateway"}) {
    if (!fs::exists(root / top)) continue;
    for (const auto& file : fs::recursive_directory_iterator(root / top)) {
      if (file.path().extension() != ".h" && file.path().extension() != ".cc") continue;
      const std::string name = fs::relative(file.path(), root).generic_string();
      // Wiring is app.cc's alone.
      if (file.path().filename() == "app.cc" || file.path().filename() == "main.cc") continue;
      const std::string from = RoomOf(name);
      std::ifstream in(file.path());
      for (std::string line; std::getline(in, line);) {
        std::smatch match;
        if (!std::regex_search(line, match, include)) continue;
        const std::string to = RoomOf(match[1]);
        if (to.empty()) continue;  // Generated code.
        ++checked;
        EXPECT_TRUE(Allowed(from, to)) << name << " includes " << match[1];
      }
    }
  }
  EXPECT_GT(checked, 100);
}

TEST(LayeringTest, SessionNamesNoGrpcType) {
  const fs::path root = ATRIUM_SOURCE_DIR;
  for (const auto& file : fs::directory_iterator(root / "control/session")) {
    std::ifstream in(file.path());
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    EXPECT_EQ(text.find("grpc::"), std::string::npos) << file.path();
    EXPECT_EQ(text.find("grpcpp"), std::string::npos) << file.path();
  }
}

}  // namespace
}  // namespace atrium
