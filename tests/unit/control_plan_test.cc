// How plans reach a host, over gRPC.
#include <gtest/gtest.h>

#include <functional>
#include <utility>

#include "common/random.h"
#include "common/rpc/server.h"
#include "common/rpc/stream.h"
#include "control/links/grpc_host_link.h"

namespace atrium::control {
namespace {

using atrium::terminal::v1::DriveRequest;
using atrium::terminal::v1::DriveResponse;
using atrium::terminal::v1::Plan;

// A host that says what it was told, and makes a plan real when the test lets it.
class SlowHost final : public atrium::terminal::v1::HostService::CallbackService {
 public:
  using Stream = rpc::ServerStream<DriveRequest, DriveResponse>;

  explicit SlowHost(Loop* loop) : loop_(loop) {}
  grpc::ServerBidiReactor<DriveRequest, DriveResponse>* Drive(grpc::CallbackServerContext*) override {
    return new Stream(loop_, [this](Stream* stream) {
      stream_ = stream;
      stream->on_message = [this](DriveRequest& request) { Hear(request); };
      stream->on_closed = [this] { stream_ = nullptr; };
    });
  }
  void Confirm() {
    DriveResponse response;
    response.mutable_plan_status()->set_generation(plans.back().generation());
    stream_->Write(response);
  }
  void HangUp() { stream_->Finish(absl::UnavailableError("it restarts")); }

  std::vector<Plan> plans;
  std::function<void()> on_plan;

 private:
  void Hear(const DriveRequest& request) {
    if (request.has_hello()) {
      DriveResponse response;
      response.mutable_inventory()->set_incarnation("one");
      return stream_->Write(response);
    }
    plans.push_back(request.plan());
    on_plan();
  }
  Loop* const loop_;
  Stream* stream_ = nullptr;
};

class PlanTest : public testing::Test, public HostLink::Listener {
 protected:
  void SetUp() override {
    const std::string socket = testing::TempDir() + "/plan-" + RandomId();
    auto server = rpc::Server::Start(loop_.get(), {.socket_path = socket},
                                     {{"atrium.terminal.v1.HostService", &host_}});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    link_ = std::make_unique<GrpcHostLink>(loop_.get(), socket, 1, this);
    host_.on_plan = [this] { Quit(); };
    link_->Start();
    ASSERT_TRUE(Runs());
    ASSERT_EQ(host_.plans.size(), 1u) << "the first, after the inventory";
  }
  void TearDown() override {
    link_.reset();
    // Something else may quit the loop first.
    bool down = false;
    server_->Shutdown([&] {
      down = true;
      Quit();
    });
    while (!down) ASSERT_TRUE(Runs());
  }
  // Until something quits it; false if nothing does.
  bool Runs() {
    bool late = false;
    const auto timer = loop_->After(absl::Seconds(20), [&] {
      late = true;
      loop_->Quit();
    });
    loop_->Run();
    return !late;
  }
  void Quit() { loop_->Quit(); }

  // HostLink::Listener.
  void OnHostInventory(const DriveResponse::Inventory&) override {}
  void OnHostTerminal(const atrium::terminal::v1::TerminalStatus&) override {}
  void OnHostProblem(const std::string&, const absl::Status&) override {}
  void OnHostConfirmed(int64_t generation) override {
    confirmed_ = generation;
    Quit();
  }
  void OnHostTyped(const std::string&, const std::string&) override {}
  void OnHostCommandEnd(const atrium::terminal::v1::CommandEnd&) override {}
  void OnHostStatus(const atrium::terminal::v1::HostStatus&) override {}
  void OnHostLost() override {}
  Plan MakeHostPlan() override {
    Plan plan;
    for (int i = 0; i < pages_; ++i) plan.add_attachments();
    return plan;
  }

  const std::unique_ptr<MainLoop> loop_ = NewMainLoop();
  SlowHost host_{loop_.get()};
  std::unique_ptr<rpc::Server> server_;
  std::unique_ptr<GrpcHostLink> link_;
  int pages_ = 0;
  int64_t confirmed_ = 0;
};

TEST_F(PlanTest, P1WhatChangesWhileAPlanIsUnderWayGoesIntoTheNextAlone) {
  // A thousand pages come, one in each turn, while the host is at the first plan.
  int64_t generation = 0;
  while (pages_ < 1000) {
    ++pages_;
    generation = link_->PlanChanged();
    const auto turn = loop_->After(absl::ZeroDuration(), [this] { Quit(); });
    ASSERT_TRUE(Runs());
  }
  host_.Confirm();
  while (host_.plans.size() < 2) ASSERT_TRUE(Runs());
  EXPECT_EQ(host_.plans[1].attachments_size(), 1000);
  EXPECT_EQ(host_.plans[1].generation(), generation) << "the one that was promised";
  host_.Confirm();
  while (confirmed_ < generation) ASSERT_TRUE(Runs());
  EXPECT_EQ(host_.plans.size(), 2u) << "nothing changed since";
  link_->PlanChanged();
  ASSERT_TRUE(Runs());
  EXPECT_EQ(host_.plans.size(), 3u) << "none was under way";
}

TEST_F(PlanTest, R5AHostThatEndsWhileAPlanIsUnderWayGetsTheNewestWhenItIsBack) {
  pages_ = 7;
  link_->PlanChanged();
  host_.HangUp();
  while (host_.plans.size() < 2) ASSERT_TRUE(Runs());
  EXPECT_EQ(host_.plans[1].attachments_size(), 7);
  pages_ = 8;
  link_->PlanChanged();
  host_.Confirm();
  while (host_.plans.size() < 3) ASSERT_TRUE(Runs());
  EXPECT_EQ(host_.plans[2].attachments_size(), 8);
}

}  // namespace
}  // namespace atrium::control
