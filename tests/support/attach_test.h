// A terminal host behind gRPC, and streams on its terminal as a gateway has them. Time
// moves only when told.
#ifndef ATRIUM_TESTS_SUPPORT_ATTACH_TEST_H_
#define ATRIUM_TESTS_SUPPORT_ATTACH_TEST_H_

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "atrium/terminal/v1/host.grpc.pb.h"
#include "common/random.h"
#include "common/rpc/server.h"
#include "common/rpc/stream.h"
#include "common/rpc/unary.h"
#include "terminal/host.h"
#include "terminal/host_service.h"
#include "tests/support/manual_loop.h"

namespace atrium::terminal {

using atrium::terminal::v1::AttachRequest;
using atrium::terminal::v1::AttachResponse;
using atrium::terminal::v1::Plan;
using atrium::v1::Participant;

inline constexpr char kTab[] = "sessions/main/tabs/t";

// One stream as a gateway has it.
struct Attached {
  using Stream = rpc::ClientStream<AttachRequest, AttachResponse>;

  Attached(Loop* loop, v1::HostService::Stub* stub, int64_t offset,
           const std::string& lossless = "", bool acks_together = true, bool in_line = false)
      : stream(new Stream(loop)) {
    stream->on_message = [this](AttachResponse& response) { Hear(response); };
    stream->on_closed = [this](absl::Status status) {
      stream = nullptr;
      closed = status;
    };
    stream->Start([stub](auto* context, auto* reactor) { stub->async()->Attach(context, reactor); });
    AttachRequest start;
    start.mutable_start()->set_tab(kTab);
    start.mutable_start()->set_offset(offset);
    start.mutable_start()->set_lossless_attachment(lossless);
    start.mutable_start()->set_acks_together(acks_together);
    start.mutable_start()->set_screens_in_pieces(acks_together);
    start.mutable_start()->set_screens_in_line(in_line);
    stream->Write(start);
  }
  ~Attached() {
    if (stream == nullptr) return;
    stream->on_message = nullptr;
    stream->on_closed = nullptr;
    stream->Cancel();
  }
  void Hear(const AttachResponse& response) {
    all.push_back(response);
    for (const auto& ack : response.input_acks()) acked = ack.sequence();
    if (response.message_case() == AttachResponse::MESSAGE_NOT_SET) {
      ++lone_acks;
      return;
    }
    switch (response.message_case()) {
      case AttachResponse::kOpened:
        ++opened;
        break;
      case AttachResponse::kRefused:
        ++refused;
        break;
      case AttachResponse::kRevoked:
        ++revoked;
        break;
      default:
        ++told;
        bytes += response.output().data();
        snapshots += response.snapshot().last();
    }
  }
  void Open(const std::string& attachment) {
    AttachRequest request;
    request.mutable_open()->set_attachment(attachment);
    stream->Write(request);
  }
  void Close(const std::string& attachment) {
    AttachRequest request;
    request.mutable_close()->set_attachment(attachment);
    stream->Write(request);
  }
  void Type(const std::string& attachment, int64_t sequence, const std::string& text) {
    AttachRequest request;
    request.mutable_input()->set_attachment(attachment);
    request.mutable_input()->set_sequence(sequence);
    request.mutable_input()->set_data(text);
    stream->Write(request);
  }
  void AskSnapshot() {
    AttachRequest request;
    request.set_snapshot(true);
    stream->Write(request);
  }
  void AskScreen() {
    AttachRequest request;
    request.set_screen(true);
    stream->Write(request);
  }

  Stream* stream;
  std::vector<AttachResponse> all;
  std::string bytes;
  int opened = 0, refused = 0, revoked = 0, snapshots = 0;
  int told = 0;  // Anything of the terminal itself.
  int64_t acked = 0;
  int lone_acks = 0;
  std::optional<absl::Status> closed;
};

class AttachTest : public testing::Test {
 protected:
  AttachTest() {
    std::filesystem::create_directories(directory_);
    host_ = std::make_unique<Host>(&loop_, &screens_, *ShellMaker::ForUser(""),
                                   Host::Options{.incarnation = "one"});
    service_ = std::make_unique<HostService>(&loop_, host_.get());
    server_ = *rpc::Server::Start(&loop_, {.socket_path = directory_ + "/host.sock"},
                                  {{"atrium.terminal.v1.HostService", service_.get()}});
    stub_ = v1::HostService::NewStub(rpc::UnixChannel(directory_ + "/host.sock"));
  }
  ~AttachTest() override {
    bool down = false;
    server_->Shutdown([&] { down = true; });
    EXPECT_TRUE(Until([&] { return down; }));
    server_.reset();
    host_.reset();
    loop_.RunPosted();  // What ended waits there for its end.
    std::filesystem::remove_all(directory_);
  }
  // Ann edits, Eve looks; Mallory is of another session.
  void Give(const std::map<std::string, std::pair<std::string, Participant::Role>>& rights,
            const std::string& script) {
    Plan plan;
    Plan::Terminal& terminal = *plan.add_terminals();
    terminal.set_tab(kTab);
    for (const std::string& word : {std::string("/bin/sh"), std::string("-c"), script}) {
      terminal.add_command(word);
    }
    terminal.mutable_size()->set_columns(80);
    terminal.mutable_size()->set_rows(24);
    for (const auto& [id, right] : rights) {
      auto* attachment = plan.add_attachments();
      attachment->set_attachment(id);
      attachment->set_participant("sessions/" + right.first + "/participants/" + id);
      attachment->set_role(right.second);
    }
    ASSERT_EQ(host_->Apply(plan).problems_size(), 0);
  }
  void Start(const std::string& script) {
    Give({{"ann", {"main", Participant::EDITOR}},
          {"eve", {"main", Participant::VIEWER}},
          {"mallory", {"other", Participant::OWNER}}},
         script);
  }
  bool Until(const std::function<bool()>& is_so) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!is_so()) {
      if (std::chrono::steady_clock::now() > end) return false;
      if (!loop_.Poll()) std::this_thread::yield();
    }
    return true;
  }
  bool Says(const Attached& attached, const std::string& text) {
    return Until([&] { return attached.bytes.find(text) != std::string::npos; });
  }
  Terminal& terminal() { return *host_->Find(kTab); }

  const std::string directory_ = testing::TempDir() + "/a-" + RandomId().substr(0, 8);
  ManualLoop loop_;
  ScreenThread screens_;
  std::unique_ptr<Host> host_;
  std::unique_ptr<HostService> service_;
  std::unique_ptr<rpc::Server> server_;
  std::unique_ptr<v1::HostService::Stub> stub_;
};

}  // namespace atrium::terminal

#endif  // ATRIUM_TESTS_SUPPORT_ATTACH_TEST_H_
