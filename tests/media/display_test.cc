// This machine's own display, against a real X server with a real window.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "common/str_cat.h"
#include "tests/media/pictures.h"
#include "tests/media/screen_call.h"

extern char** environ;

namespace atrium::media {
namespace {

using testing::HasSubstr;

// An X server that shows one window, as large as itself, in which a ball moves on a
// coloured ground.
class XServer {
 public:
  // Empty: any number.
  explicit XServer(std::string number = "") : number_(std::move(number)) { Start(); }
  ~XServer() { Stop(); }

  std::string name() const { return ":" + number_; }

  void Start() {
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 3);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    const std::string display = name();
    std::vector<const char*> argv = {"Xvfb",       "-displayfd", "3",         "-screen", "0",
                                     "640x360x24", "-noreset",   "-nolisten", "tcp"};
    if (!number_.empty()) argv.insert(argv.begin() + 1, display.c_str());
    argv.push_back(nullptr);
    ASSERT_EQ(
        posix_spawnp(&pid_, "Xvfb", &actions, nullptr, const_cast<char**>(argv.data()), environ), 0)
        << "install xvfb";
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    number_.clear();
    pollfd ready{.fd = ends[0], .events = POLLIN, .revents = 0};
    char c = 0;
    while (poll(&ready, 1, 20000) == 1 && read(ends[0], &c, 1) == 1 && c != '\n') number_ += c;
    close(ends[0]);
    ASSERT_NE(number_, "");
    const std::string window = StrCat(
        "videotestsrc name=source is-live=true pattern=ball ! "
        "video/x-raw,width=640,height=360,framerate=15/1 ! videoconvert ! ximagesink sync=false "
        "display=",
        name());
    window_ = GRef<GstElement>::Sink(gst_parse_launch(window.c_str(), nullptr));
    ASSERT_TRUE(window_) << "install gstreamer1.0-x";
    gst_element_set_state(window_.get(), GST_STATE_PLAYING);
  }
  // The window's ground, 0xAARRGGBB.
  void Paint(guint color) {
    const auto source =
        GRef<GstElement>::Adopt(gst_bin_get_by_name(GST_BIN(window_.get()), "source"));
    g_object_set(source.get(), "background-color", color, "foreground-color", color, nullptr);
  }
  void Signal(int signal) { kill(pid_, signal); }
  // Its number stays, for another one.
  void Stop() {
    if (pid_ < 0) return;
    gst_element_set_state(window_.get(), GST_STATE_NULL);
    window_ = {};
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
    unlink(("/tmp/.X" + number_ + "-lock").c_str());
  }

 private:
  std::string number_;
  pid_t pid_ = -1;
  GRef<GstElement> window_;
};

constexpr guint kWhite = 0xffffffff, kBlack = 0xff000000;

// X must be there before the process that shows it.
class WithXServer {
 protected:
  WithXServer() {
    gst_init(nullptr, nullptr);
    x_ = std::make_unique<XServer>();
  }
  std::unique_ptr<XServer> x_;
};

class DisplayTest : private WithXServer, public ScreenCall {
 protected:
  DisplayTest() : ScreenCall({"--display=" + x_->name()}) {}
  using WithXServer::x_;

  v1::Plan::Capture* PlanDisplay(int64_t epoch) {
    auto* capture = PlanCapture("d", epoch);
    capture->clear_page();
    capture->set_display(true);
    return capture;
  }
  // Of the media process.
  std::string Children() const {
    std::ifstream list(StrCat("/proc/", pid_, "/task/", pid_, "/children"));
    return std::string(std::istreambuf_iterator<char>(list), {});
  }
  // How often it was told.
  int64_t Told(PeerStatus::State state) const {
    return std::count_if(statuses_.begin(), statuses_.end(), [&](const PeerStatus& status) {
      return status.peer() == Capture("d") && status.state() == state;
    });
  }
};

TEST_F(DisplayTest, L6_L13_TheMachinesDisplayIsShownToAllWhoWatchAndToTheAgent) {
  EXPECT_TRUE(inventories_.back().has_display());
  x_->Paint(kWhite);
  auto* capture = PlanDisplay(1);
  PlanViewer(capture, "one", 2);
  PlanViewer(capture, "two", 3);
  SendPlan();
  ASSERT_TRUE(WaitForState(Capture("d"), 1, PeerStatus::CONNECTED));
  auto one = Watch("d", "one", 2);
  EXPECT_TRUE(WaitFor([&] { return one->pictures() > 5 && one->brightness() > 200; }));
  auto two = Watch("d", "two", 3);
  EXPECT_TRUE(WaitFor([&] { return two->pictures() > 5 && two->brightness() > 200; }));
  v1::TakeStillRequest request;
  request.set_capture(Capture("d"));
  auto still = Take(request);
  ASSERT_TRUE(still.ok()) << still.status();
  EXPECT_EQ(still->width(), 640);
  EXPECT_EQ(still->height(), 360);
  EXPECT_GT(Look(still->jpeg()).brightness, 220);
  x_->Paint(kBlack);
  EXPECT_TRUE(WaitFor([&] { return one->brightness() < 50 && two->brightness() < 50; }));
  request.set_signature(still->signature());
  still = Take(request);
  ASSERT_TRUE(still.ok()) << still.status();
  EXPECT_LT(Look(still->jpeg()).brightness, 30);
  // A control that is started anew finds it, and it goes on.
  StopDriving();
  StartDriving();
  ASSERT_EQ(inventories_.back().rooms_size(), 1);
  ASSERT_EQ(inventories_.back().rooms(0).captures_size(), 1);
  EXPECT_TRUE(inventories_.back().rooms(0).captures(0).display());
  EXPECT_EQ(inventories_.back().rooms(0).captures(0).epoch(), 1);
  EXPECT_EQ(inventories_.back().rooms(0).captures(0).viewers_size(), 2);
  SendPlan();
  const int pictures = one->pictures();
  EXPECT_TRUE(WaitFor([&] { return one->pictures() > pictures + 5; }));
  EXPECT_EQ(Told(PeerStatus::CONNECTED), 1);
}

TEST_F(DisplayTest, V9_TheDisplayIsGrabbedOnlyWhileItIsPlanned) {
  const int threads = Threads(), descriptors = Descriptors();
  EXPECT_EQ(Children(), "");
  for (int round = 1; round <= 3; ++round) {
    PlanDisplay(round);
    SendPlan();
    ASSERT_TRUE(WaitForState(Capture("d"), round, PeerStatus::CONNECTED));
    EXPECT_NE(Children(), "");
    PlanRoom(1)->clear_captures();
    SendPlan();
    EXPECT_TRUE(WaitFor([&] {
      return Threads() <= threads && Descriptors() <= descriptors && Children().empty();
    })) << Children()
        << Threads() << "/" << threads << " " << Descriptors() << "/" << descriptors;
  }
}

TEST_F(DisplayTest, R1_ADisplayThatIsGoneIsToldAndComesBackByItself) {
  x_->Paint(kWhite);
  PlanViewer(PlanDisplay(1), "one", 2);
  SendPlan();
  auto one = Watch("d", "one", 2);
  ASSERT_TRUE(WaitFor([&] { return one->brightness() > 200 && Told(PeerStatus::CONNECTED) == 1; }));
  x_->Stop();
  ASSERT_TRUE(WaitForState(Capture("d"), 1, PeerStatus::FAILED));
  EXPECT_THAT(ProblemOf(Capture("d"), 1), HasSubstr(x_->name()));
  v1::TakeStillRequest request;
  request.set_capture(Capture("d"));
  EXPECT_EQ(Take(request).status().code(), absl::StatusCode::kNotFound);
  x_->Start();
  x_->Paint(kBlack);
  EXPECT_TRUE(WaitFor([&] { return Told(PeerStatus::CONNECTED) >= 2; }, 20));
  EXPECT_TRUE(WaitFor([&] { return one->brightness() < 50; })) << "its connection is the same";
}

TEST_F(DisplayTest, R1_ADisplayThatHangsIsToldSilentAndHoldsUpNothing) {
  auto ann = Join(1, "ann", 1, {.hertz = 500});
  PlanDisplay(1);
  SendPlan();
  ASSERT_TRUE(WaitForState(Capture("d"), 1, PeerStatus::CONNECTED));
  x_->Signal(SIGSTOP);
  ASSERT_TRUE(WaitForState(Capture("d"), 1, PeerStatus::SILENT));
  const int64_t packets = ann->packets();
  EXPECT_TRUE(WaitFor([&] { return ann->packets() > packets + 50; }));
  x_->Signal(SIGCONT);
  EXPECT_TRUE(WaitFor([&] { return Told(PeerStatus::CONNECTED) == 2; }));
}

TEST_F(DisplayTest, S19_NoPageMayShowInTheDisplaysPlace) {
  x_->Paint(kWhite);
  PlanViewer(PlanDisplay(1), "one", 2);
  SendPlan();
  auto one = Watch("d", "one", 2);
  ASSERT_TRUE(WaitFor([&] { return one->brightness() > 200; }));
  auto eve = std::make_unique<CallPeer>(CallPeer::Voice{.shows = "black"});
  ASSERT_TRUE(WaitFor([&] { return !eve->offer().empty(); }));
  Offer(Capture("d"), 1, eve->offer());
  const int pictures = one->pictures();
  ASSERT_TRUE(WaitFor([&] { return one->pictures() > pictures + 20; }));
  EXPECT_EQ(answers_.count({Capture("d"), 1}), 0u);
  EXPECT_GT(one->brightness(), 200);
}

using NoDisplayTest = ScreenCall;

TEST_F(NoDisplayTest, S19_WithoutTheFlagNoDisplayIsShown) {
  EXPECT_FALSE(inventories_.back().has_display());
  PlanCapture("d", 1)->set_display(true);
  SendPlan();
  ASSERT_TRUE(WaitForState(Capture("d"), 1, PeerStatus::FAILED));
  EXPECT_THAT(ProblemOf(Capture("d"), 1), HasSubstr("--display"));
}

}  // namespace
}  // namespace atrium::media
