// What the media process counts of calls, read at its door.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "common/random.h"
#include "tests/media/media_call.h"
#include "tests/support/scrape.h"

namespace atrium::media {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string NewDoor() { return testing::TempDir() + "/media-door-" + RandomId().substr(0, 8); }

class DoorTest : public MediaCall {
 protected:
  explicit DoorTest(std::string door = NewDoor())
      : MediaCall({"--admin_listen=" + door}), door_(std::move(door)) {}
  ~DoorTest() override { unlink(door_.c_str()); }

  double Figure(const std::string& name) const {
    return FigureIn(Scrape(door_), "atrium_media_" + name);
  }

  const std::string door_;
};

TEST_F(DoorTest, X5_N3ACallIsCountedAndNobodyIsNamed) {
  struct stat is = {};
  ASSERT_EQ(stat(door_.c_str(), &is), 0);
  EXPECT_EQ(is.st_mode & 0777, 0600u);
  EXPECT_EQ(Figure("rooms"), 0);
  auto agent = OpenAgent(1);
  auto ann = Join(1, "ann", 1, {.hertz = 500});
  auto bob = Join(1, "bob", 1, {.hertz = 1100});
  ASSERT_TRUE(WaitFor([&] { return ann->Hears(1100) > 1000; }));
  EXPECT_EQ(Figure("rooms"), 1);
  EXPECT_EQ(Figure("agents"), 1);
  EXPECT_EQ(Figure("peers{state=\"connected\"}"), 2);
  EXPECT_EQ(Figure("connections_total"), 2);
  EXPECT_GT(Figure("ticks_total"), 10);
  EXPECT_GE(Figure("late_ticks_total"), 0);
  EXPECT_GE(Figure("dropped_frames_total"), 0);
  EXPECT_GT(Figure("encoded_frames_total"), 10);
  EXPECT_GT(Figure("received_packets_total"), 10);
  EXPECT_GT(Figure("sent_packets_total"), 10);
  EXPECT_GT(Figure("voice_packets_total{how=\"decoded\"}"), 10);
  EXPECT_EQ(Figure("captures"), 0);
  EXPECT_THAT(Scrape(door_), Not(HasSubstr("ann")));
  // What was counted of whom has left stays counted.
  const double received = Figure("received_packets_total"), sent = Figure("sent_packets_total");
  PlanRoom(1)->clear_peers();
  SendPlan();
  ASSERT_TRUE(WaitFor([&] { return Figure("peers{state=\"connected\"}") == 0; }));
  EXPECT_GE(Figure("received_packets_total"), received);
  EXPECT_GE(Figure("sent_packets_total"), sent);
  CloseAgent(agent.get());
}

TEST_F(DoorTest, X5_V4AConnectionThatFailsIsCountedByItsReason) {
  PlanPeer(1, "ann", 1);
  SendPlan();
  Offer(Participant(1, "ann"), 1, "v=0\r\nno such thing");
  ASSERT_TRUE(WaitForState(Participant(1, "ann"), 1, PeerStatus::FAILED));
  EXPECT_EQ(Figure("failed_total{reason=\"BAD_SDP\"}"), 1);
  EXPECT_EQ(Figure("connections_total"), 0);
}

}  // namespace
}  // namespace atrium::media
