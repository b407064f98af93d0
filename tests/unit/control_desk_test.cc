// Who drives a tab: taking, asking, granting, releasing, lapsing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/limits.h"
#include "control/session/driver_desk.h"

namespace atrium::control {
namespace {

using atrium::v1::Tab;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr absl::Duration kStart = absl::Seconds(1000);

class DriverDeskTest : public testing::Test {
 protected:
  DriverDeskTest() { tab_.set_name("t"); }
  std::vector<std::string> Asking() const {
    return {tab_.control_requesters().begin(), tab_.control_requesters().end()};
  }
  DriverDesk desk_;
  Tab tab_;
  const DriverDesk::Who ann_{"ann", false}, bob_{"bob", false}, cyd_{"cyd", false};
  const DriverDesk::Who owner_{"olga", true};
};

TEST_F(DriverDeskTest, N8WhatNobodyHoldsIsTakenWhatSomebodyHoldsIsAskedFor) {
  EXPECT_TRUE(desk_.Take(&tab_, ann_, kStart).ok());
  EXPECT_EQ(tab_.driver(), "ann");
  EXPECT_TRUE(absl::IsFailedPrecondition(desk_.Take(&tab_, bob_, kStart)));
  EXPECT_EQ(tab_.driver(), "ann");
  EXPECT_TRUE(desk_.Request(&tab_, bob_, kStart).ok());
  EXPECT_TRUE(desk_.Request(&tab_, bob_, kStart).ok());
  EXPECT_TRUE(desk_.Request(&tab_, cyd_, kStart).ok());
  EXPECT_THAT(Asking(), ElementsAre("bob", "cyd"));
  EXPECT_TRUE(absl::IsPermissionDenied(desk_.Grant(&tab_, bob_, "bob", kStart)));
  EXPECT_TRUE(desk_.Grant(&tab_, ann_, "bob", kStart).ok());
  EXPECT_EQ(tab_.driver(), "bob");
  EXPECT_THAT(Asking(), ElementsAre("cyd"));
  EXPECT_TRUE(absl::IsPermissionDenied(desk_.Release(&tab_, ann_)));
  EXPECT_TRUE(desk_.Release(&tab_, bob_).ok());
  EXPECT_EQ(tab_.driver(), "");
  EXPECT_THAT(Asking(), IsEmpty());
  EXPECT_TRUE(desk_.Release(&tab_, ann_).ok()) << "nothing to release";
  EXPECT_TRUE(desk_.Request(&tab_, cyd_, kStart).ok());
  EXPECT_EQ(tab_.driver(), "cyd") << "nobody to ask";
}

TEST_F(DriverDeskTest, N8AnOwnerTakesGrantsAndReleasesWhateverIsHeld) {
  ASSERT_TRUE(desk_.Take(&tab_, ann_, kStart).ok());
  EXPECT_TRUE(desk_.Take(&tab_, owner_, kStart).ok());
  EXPECT_EQ(tab_.driver(), "olga");
  ASSERT_TRUE(desk_.Grant(&tab_, owner_, "ann", kStart).ok());
  EXPECT_EQ(tab_.driver(), "ann");
  EXPECT_TRUE(desk_.Release(&tab_, owner_).ok());
  EXPECT_EQ(tab_.driver(), "");
}

TEST_F(DriverDeskTest, N8TurningDownForgetsEveryRequest) {
  ASSERT_TRUE(desk_.Take(&tab_, ann_, kStart).ok());
  ASSERT_TRUE(desk_.Request(&tab_, bob_, kStart).ok());
  EXPECT_TRUE(desk_.Grant(&tab_, ann_, "", kStart).ok());
  EXPECT_EQ(tab_.driver(), "ann");
  EXPECT_THAT(Asking(), IsEmpty());
}

TEST_F(DriverDeskTest, N8HoldingLapsesAfterTheLastKeyAndTheNextInLineGetsIt) {
  ASSERT_TRUE(desk_.Take(&tab_, ann_, kStart).ok());
  const absl::Duration key = kStart + limits::kControlLife - absl::Seconds(1);
  desk_.Typed(tab_, "bob", key + absl::Seconds(1));  // Not the driver.
  EXPECT_FALSE(desk_.Lapse(&tab_, key));
  desk_.Typed(tab_, "ann", key);
  EXPECT_FALSE(desk_.Lapse(&tab_, kStart + limits::kControlLife));
  const absl::Duration end = key + limits::kControlLife;
  ASSERT_TRUE(desk_.Request(&tab_, bob_, end - absl::Seconds(1)).ok());
  EXPECT_FALSE(desk_.Lapse(&tab_, end - absl::Seconds(1)));
  EXPECT_TRUE(desk_.Lapse(&tab_, end));
  EXPECT_EQ(tab_.driver(), "bob");
  EXPECT_FALSE(desk_.Lapse(&tab_, end + limits::kControlLife - absl::Seconds(1)));
  EXPECT_TRUE(desk_.Lapse(&tab_, end + limits::kControlLife));
  EXPECT_EQ(tab_.driver(), "");
}

TEST_F(DriverDeskTest, N8ARequestLapses) {
  ASSERT_TRUE(desk_.Take(&tab_, ann_, kStart).ok());
  ASSERT_TRUE(desk_.Request(&tab_, bob_, kStart).ok());
  EXPECT_FALSE(desk_.Lapse(&tab_, kStart + limits::kControlRequestLife - absl::Seconds(1)));
  EXPECT_TRUE(desk_.Lapse(&tab_, kStart + limits::kControlRequestLife));
  EXPECT_THAT(Asking(), IsEmpty());
  EXPECT_EQ(tab_.driver(), "ann");
}

TEST_F(DriverDeskTest, N8WhoLeavesLosesItAndItsRequest) {
  ASSERT_TRUE(desk_.Take(&tab_, ann_, kStart).ok());
  ASSERT_TRUE(desk_.Request(&tab_, bob_, kStart).ok());
  EXPECT_TRUE(desk_.Left(&tab_, "bob"));
  EXPECT_FALSE(desk_.Left(&tab_, "bob"));
  EXPECT_TRUE(desk_.Left(&tab_, "ann"));
  EXPECT_EQ(tab_.driver(), "");
}

TEST_F(DriverDeskTest, N8ADriverReadFromTheStoreLapsesToo) {
  tab_.set_driver("ann");
  tab_.add_control_requesters("bob");
  EXPECT_FALSE(desk_.Lapse(&tab_, kStart));
  EXPECT_TRUE(desk_.Lapse(&tab_, kStart + limits::kControlRequestLife));
  EXPECT_TRUE(desk_.Lapse(&tab_, kStart + limits::kControlLife));
  EXPECT_EQ(tab_.driver(), "");
}

TEST_F(DriverDeskTest, R27RequestsAreBounded) {
  ASSERT_TRUE(desk_.Take(&tab_, ann_, kStart).ok());
  for (size_t i = 0; i < limits::kControlRequests; ++i) {
    ASSERT_TRUE(desk_.Request(&tab_, {"p" + std::to_string(i), false}, kStart).ok());
  }
  EXPECT_TRUE(absl::IsResourceExhausted(desk_.Request(&tab_, bob_, kStart)));
}

}  // namespace
}  // namespace atrium::control
