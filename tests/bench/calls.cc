// What a call costs, ours or Janus's, with the same peers over loopback:
//   calls atrium|janus TALKERS LISTENERS SECONDS
#include <arpa/inet.h>
#include <fcntl.h>
#include <glib.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "media/address.h"
#include "tests/bench/cpu.h"
#include "tests/media/media_call.h"

extern char** environ;

namespace atrium::media {
namespace {

using Json = nlohmann::json;
using Peers = std::vector<std::unique_ptr<CallPeer>>;

pid_t started = 0;  // To be ended however this ends.

[[noreturn]] void Fail(const std::string& why) {
  std::fprintf(stderr, "calls: %s\n", why.c_str());
  if (started > 0) kill(started, SIGKILL);
  std::_Exit(1);
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

double StatusOf(pid_t pid, const std::string& name) {
  const std::string status = ReadFile("/proc/" + std::to_string(pid) + "/status");
  return std::atof(status.c_str() + status.find(name + ":") + name.size() + 1);
}

// Janus does not use loopback, so peers are at an address of this machine.
CallPeer::Voice VoiceOf(int i, int talkers) {
  CallPeer::Voice voice;
  for (const std::string& address : LocalAddresses({})) {
    if (address.find(':') == std::string::npos) voice.address = address;
  }
  voice.hertz = 200.0 + 50 * i;
  voice.listens_only = i >= talkers;
  return voice;
}

// One that is measured: connects peers and waits until all hear something.
class Bridge {
 public:
  virtual ~Bridge() = default;
  // Milliseconds from the offer to the first packet.
  virtual double Connect(int i, CallPeer* peer) = 0;
  virtual pid_t pid() const = 0;
  // Runs for so long.
  virtual void Rest(double seconds) = 0;
  // Frames that came late or not at all; -1: not known.
  virtual int late() { return -1; }
  // Ends it. Ticks of its mixer since it began, and those that were late; -1: not known.
  virtual Json End() { return {{"ticks", -1}, {"late_ticks", -1}}; }
};

class Atrium final : public Bridge, private MediaCall {
 public:
  // What it counts stands in its log.
  explicit Atrium(const std::string& log) : MediaCall({"--log_level=info"}, log), log_(log) {
    agent_ = OpenAgent(1);
  }
  ~Atrium() override { std::filesystem::remove(log_); }
  double Connect(int i, CallPeer* peer) override {
    const std::string who = "p" + std::to_string(i);
    PlanPeer(1, who, 1);
    SendPlan();
    if (!WaitFor([&] { return !peer->offer().empty(); })) Fail("no offer");
    const int64_t offered = g_get_monotonic_time();
    MediaCall::Connect(Participant(1, who), 1, peer);
    if (!WaitFor([&] { return peer->packets() > 0; })) Fail("nothing is heard");
    return static_cast<double>(peer->first_packet_at() - offered) / 1e3;
  }
  pid_t pid() const override { return pid_; }
  void Rest(double seconds) override {
    WaitFor([] { return false; }, seconds);
  }
  int late() override { return agent_->gaps; }
  Json End() override {
    CloseAgent(agent_.get());
    StopDriving();
    kill(pid_, SIGTERM);
    waitpid(std::exchange(pid_, -1), nullptr, 0);
    const std::string log = ReadFile(log_);
    const size_t told = log.rfind("mixed");
    if (told == std::string::npos) Fail("media did not say how it kept time");
    const auto figure = [&](const std::string& name) {
      const size_t at = log.find(name, told);
      if (at == std::string::npos) Fail("media did not say " + name);
      return std::atoll(log.c_str() + log.find_first_of("0123456789", at));
    };
    return {{"ticks", figure("ticks")}, {"late_ticks", figure("late")}};
  }

 private:
  void TestBody() override {}
  const std::string log_;
  std::unique_ptr<Agent> agent_;
};

class Janus final : public Bridge {
 public:
  Janus() {
    std::string name = std::filesystem::temp_directory_path() / "janus-XXXXXX";
    directory_ = mkdtemp(name.data());
    const auto write = [&](const std::string& file, const std::string& text) {
      std::ofstream(directory_ + "/" + file) << text;
    };
    write("janus.jcfg",
          "general: { debug_level = 1 }\nmedia: { }\nnat: { }\n"
          "plugins: { disable = \"libjanus_duktape.so,libjanus_echotest.so,libjanus_lua.so,"
          "libjanus_nosip.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_streaming.so,"
          "libjanus_textroom.so,libjanus_videocall.so,libjanus_videoroom.so,"
          "libjanus_voicemail.so\" }\n"
          "transports: { disable = \"libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,"
          "libjanus_rabbitmq.so,libjanus_websockets.so\" }\n"
          "events: { broadcast = false }\n");
    write("janus.transport.http.jcfg",
          "general: { json = \"plain\" base_path = \"/janus\" http = true port = " +
              std::to_string(kPort) +
              " ip = \"127.0.0.1\" https = false }\n"
              "admin: { admin_http = false }\n");
    write("janus.plugin.audiobridge.jcfg",
          "room-1: { description = \"bench\" sampling_rate = 24000 record = false }\n");
    std::string folder = "--configs-folder=" + directory_, program = "janus";
    char* argv[] = {program.data(), folder.data(), nullptr};
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
    if (posix_spawnp(&pid_, "janus", &quiet, nullptr, argv, environ) != 0) Fail("no janus");
    posix_spawn_file_actions_destroy(&quiet);
    started = pid_;
    const int64_t deadline = g_get_monotonic_time() + 20'000'000;
    while (Http("GET", "/janus/info", {}).is_null()) {
      if (g_get_monotonic_time() > deadline) Fail("janus does not answer");
      g_usleep(20'000);
    }
  }
  ~Janus() override {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    std::filesystem::remove_all(directory_);
  }
  double Connect(int i, CallPeer* peer) override {
    const std::string session = "/janus/" + Id(Ask("/janus", {{"janus", "create"}}));
    const std::string plugin =
        session + "/" +
        Id(Ask(session, {{"janus", "attach"}, {"plugin", "janus.plugin.audiobridge"}}));
    Wait([&] { return !peer->offer().empty(); });
    const int64_t offered = g_get_monotonic_time();
    Ask(plugin,
        {{"janus", "message"},
         {"body",
          {{"request", "join"}, {"room", 1}, {"display", std::to_string(i)}, {"muted", false}}},
         {"jsep", {{"type", "offer"}, {"sdp", peer->offer()}}}});
    for (int tries = 0; tries < 50; ++tries) {
      const Json event = Http("GET", session + "?maxev=1", {});
      if (!event.is_object() || !event.contains("jsep")) continue;
      peer->TakeAnswer(event["jsep"]["sdp"]);
      Wait([&] { return peer->packets() > 0; });
      return static_cast<double>(peer->first_packet_at() - offered) / 1e3;
    }
    Fail("no answer of janus");
  }
  pid_t pid() const override { return pid_; }
  void Rest(double seconds) override { g_usleep(static_cast<gulong>(seconds * 1e6)); }

 private:
  static constexpr int kPort = 18088;

  template <typename Done>
  static void Wait(Done done) {
    const int64_t deadline = g_get_monotonic_time() + 20'000'000;
    while (!done()) {
      if (g_get_monotonic_time() > deadline) Fail("a peer of janus does not connect");
      g_usleep(2000);
    }
  }
  static std::string Id(const Json& answer) {
    return std::to_string(answer["data"]["id"].get<uint64_t>());
  }
  static Json Ask(const std::string& path, Json body) {
    body["transaction"] = "t";
    Json answer = Http("POST", path, body);
    if (!answer.is_object()) Fail("janus refuses " + path);
    return answer;
  }
  // Null if it does not answer.
  static Json Http(const std::string& method, const std::string& path, const Json& body) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{.sin_family = AF_INET, .sin_port = htons(kPort), .sin_addr = {}, .sin_zero = {}};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::string answer;
    if (connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0) {
      const std::string text = body.is_null() ? "" : body.dump();
      const std::string request =
          method + " " + path + " HTTP/1.0\r\nHost: localhost\r\n" +
          "Content-Type: application/json\r\nContent-Length: " + std::to_string(text.size()) +
          "\r\n\r\n" + text;
      send(fd, request.data(), request.size(), MSG_NOSIGNAL);
      char piece[4096];
      for (ssize_t n; (n = recv(fd, piece, sizeof piece, 0)) > 0;) {
        answer.append(piece, static_cast<size_t>(n));
      }
    }
    close(fd);
    const size_t begin = answer.find("\r\n\r\n");
    if (begin == std::string::npos) return {};
    return Json::parse(answer.substr(begin + 4), nullptr, false);
  }

  std::string directory_;
  pid_t pid_ = -1;
};

int Run(const std::string& which, int talkers, int listeners, double seconds) {
  gst_init(nullptr, nullptr);
  std::unique_ptr<Bridge> bridge;
  if (which == "janus") {
    bridge = std::make_unique<Janus>();
  } else {
    std::string log = std::filesystem::temp_directory_path() / "media-log-XXXXXX";
    close(mkstemp(log.data()));
    bridge = std::make_unique<Atrium>(log);
  }
  const double threads = StatusOf(bridge->pid(), "Threads");
  const double memory = StatusOf(bridge->pid(), "VmRSS");
  Peers peers;
  std::vector<double> first;
  const int count = talkers + listeners;
  for (int i = 0; i < count; ++i) {
    peers.push_back(std::make_unique<CallPeer>(VoiceOf(i, talkers)));
    first.push_back(bridge->Connect(i, peers.back().get()));
  }
  bridge->Rest(2);
  const double before = CpuOf(bridge->pid());
  const int late = bridge->late();
  const int64_t since = g_get_monotonic_time();
  bridge->Rest(seconds);
  const double cpu = CpuOf(bridge->pid()) - before;
  const double took = static_cast<double>(g_get_monotonic_time() - since) / 1e6;
  std::sort(first.begin(), first.end());
  Json told = {{"cpu", 100 * cpu / took},
               {"first_ms", first[first.size() / 2]},
               {"threads", (StatusOf(bridge->pid(), "Threads") - threads) / count},
               {"kib", (StatusOf(bridge->pid(), "VmRSS") - memory) / count},
               {"late", bridge->late() - late}};
  told.update(bridge->End());
  std::printf("%s\n", told.dump().c_str());
  bridge.reset();  // Before the peers, whom it would miss.
  return 0;
}

}  // namespace
}  // namespace atrium::media

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "calls atrium|janus TALKERS LISTENERS SECONDS\n");
    return 2;
  }
  return atrium::media::Run(argv[1], std::atoi(argv[2]), std::atoi(argv[3]), std::atof(argv[4]));
}
