// How long media takes, over loopback with the tests' peers:
//   delays ROUNDS
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "media/frame_ring.h"
#include "tests/bench/cpu.h"
#include "tests/media/screen_call.h"

namespace atrium::media {
namespace {

[[noreturn]] void Fail(const char* why) {
  std::fprintf(stderr, "delays: %s\n", why);
  std::_Exit(1);
}

double MillisecondsFrom(int64_t since, int64_t until) {
  return static_cast<double>(until - since) / 1e3;
}
double MedianOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Deepest a microphone's ring gets in the last minute of an hour in which its clock is
// wrong by so much, in milliseconds beyond the frame that is being said.
double DepthAfterAnHour(double ppm) {
  constexpr int kFrames = 3600 * 50;
  FrameRing ring;
  Frame frame{};
  double due = 0;
  size_t deepest = 0;
  for (int i = 0; i < kFrames; ++i) {
    for (due += 1 + ppm * 1e-6; due >= 1; --due) ring.Push(frame.data(), frame.size());
    ring.Pop(&frame);
    if (i >= kFrames - 3000) deepest = std::max(deepest, ring.depth());
  }
  return static_cast<double>(deepest) * 1e3 / kSampleRate;
}

class Delays final : private ScreenCall {
 public:
  void Run(int rounds) {
    const double restart = Restart(rounds);
    agent_ = OpenAgent(1);
    const double microphone = Microphone(rounds);
    const std::vector<double> speech = Speech(rounds);
    CloseAgent(agent_.get());
    const double screen = Screen();
    std::printf(
        "{\"restart_ms\":%.0f,\"microphone_ms\":%.1f,\"speech_ms\":%.1f,"
        "\"speech_least_ms\":%.1f,\"drift_ms\":%.1f,\"screen_viewer_cpu\":%.2f}\n",
        restart, microphone, MedianOf(speech), *std::min_element(speech.begin(), speech.end()),
        std::max(DepthAfterAnHour(100), DepthAfterAnHour(-100)), screen);
  }

 private:
  void TestBody() override {}

  // From `kill -9` of the process to what a peer hears that offers as soon as it can.
  double Restart(int rounds) {
    std::vector<double> took;
    for (int i = 0; i < std::max(3, rounds / 5); ++i) {
      const int64_t since = g_get_monotonic_time();
      StopDriving();
      KillProcess();
      StartProcess();
      StartDriving();
      auto peer = Join(1, "ann", ++epoch_, {});
      if (!WaitFor([&] { return peer->packets() > 0; })) Fail("nothing is heard after a restart");
      took.push_back(MillisecondsFrom(since, peer->first_packet_at()));
    }
    return MedianOf(took);
  }

  // From the first packet that leaves a microphone to its first sound at control.
  double Microphone(int rounds) {
    auto ann = Join(1, "ann", ++epoch_, {.hertz = 440});
    std::vector<double> took;
    for (int i = 0; i < rounds; ++i) {
      ann->Freeze();
      if (!WaitFor([&] { return agent_->voices.empty(); })) Fail("a microphone does not rest");
      WaitFor([] { return false; }, 0.1 + 0.02 * i / rounds);  // At any time of a frame.
      agent_->voice_at = 0;
      ann->Thaw();
      if (!WaitFor([&] { return agent_->voice_at != 0; })) Fail("a microphone is not heard");
      took.push_back(MillisecondsFrom(ann->sent_at(), agent_->voice_at));
    }
    return MedianOf(took);
  }

  // From the agent's first samples at media to the first of them at a peer.
  std::vector<double> Speech(int rounds) {
    auto ann = Join(1, "ann", ++epoch_, {});
    std::vector<double> took;
    for (int i = 0; i < rounds; ++i) {
      if (!WaitFor([&] { return ann->Hears(440) < 1 && ann->packets() > 20; })) Fail("no silence");
      WaitFor([] { return false; }, 0.0173 * i / rounds + 0.25);  // At any time of a frame.
      ann->ForgetHeard();
      const int64_t since = g_get_monotonic_time();
      Say(agent_.get(), "u" + std::to_string(i), 440, 0, 4800);
      if (!WaitFor([&] { return ann->loud_at() != 0; })) Fail("the agent is not heard");
      took.push_back(MillisecondsFrom(since, ann->loud_at()));
    }
    return took;
  }

  // What one more viewer of a screen at 1.5 Mbit/s costs, in percent of a core.
  double Screen() {
    constexpr int kViewers = 10;
    auto* capture = PlanCapture("a", 1);
    for (int i = 0; i <= kViewers; ++i) PlanViewer(capture, "v" + std::to_string(i), 2);
    SendPlan();
    CallPeer show({.video_bps = 1'500'000, .shows = "snow"});
    ScreenCall::Connect(Capture("a"), 1, &show);
    std::vector<std::unique_ptr<CallPeer>> viewers;
    double cost[2] = {0, 0};
    for (int i = 0; i <= kViewers; ++i) {
      viewers.push_back(Watch("a", "v" + std::to_string(i), 2));
      if (!WaitFor([&] { return viewers.back()->pictures() > 0; })) Fail("no picture");
      if (i == 0) cost[0] = Use(4);
    }
    cost[1] = Use(4);
    return (cost[1] - cost[0]) / kViewers;
  }
  // In percent of a core.
  double Use(double seconds) {
    WaitFor([] { return false; }, 1);
    const double before = CpuOf(pid_);
    const int64_t since = g_get_monotonic_time();
    WaitFor([] { return false; }, seconds);
    return 100 * (CpuOf(pid_) - before) /
           (static_cast<double>(g_get_monotonic_time() - since) / 1e6);
  }
  std::unique_ptr<Agent> agent_;
  int64_t epoch_ = 0;
};

}  // namespace
}  // namespace atrium::media

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "delays ROUNDS\n");
    return 2;
  }
  gst_init(nullptr, nullptr);
  atrium::media::Delays().Run(std::atoi(argv[1]));
  return 0;
}
