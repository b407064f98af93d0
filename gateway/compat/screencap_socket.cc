#include "gateway/compat/screencap_socket.h"

#include <utility>

#include "common/errors.h"
#include "common/random.h"
#include "common/str_cat.h"
#include "gateway/limits.h"

namespace atrium::gateway::compat {

using atrium::v1::JoinRequest;
using atrium::v1::JoinResponse;

std::shared_ptr<ScreencapRoom> ScreencapRooms::Find(const std::string& session) {
  std::erase_if(rooms_, [](const auto& entry) { return entry.second.expired(); });
  std::shared_ptr<ScreencapRoom> room = rooms_[session].lock();
  if (room == nullptr) {
    room = std::make_shared<ScreencapRoom>(loop_);
    rooms_[session] = room;
  }
  return room;
}

ScreencapSocket::ScreencapSocket(const Given& given, Socket socket, Admission::Pass pass,
                                 std::shared_ptr<ScreencapRoom> room)
    : Page(given, std::move(socket)), pass_(std::move(pass)), room_(std::move(room)) {
  JoinRequest hello;
  hello.mutable_hello()->set_session(pass_.room);
  hello.mutable_hello()->set_page_id(RandomId());
  link()->Send(hello);
  Say({{"type", "ready"}});
}

ScreencapSocket::~ScreencapSocket() { room_->Leave(this); }

void ScreencapSocket::Say(const Json& message) { connection()->SendText(Dump(message)); }

void ScreencapSocket::Ask(const JoinRequest& request) { link()->Send(request); }

bool ScreencapSocket::may_share() const { return role_ >= atrium::v1::Participant::EDITOR; }

void ScreencapSocket::OnMessage(ws::Message message) {
  SpendMessage(message.opcode);
  const absl::Status status = Hear(std::move(message));
  if (status.ok()) return;
  SpendMore(limits::kRefusedMessageCost);
  Say({{"type", "error"}, {"data", std::string(status.message())}});
}

absl::Status ScreencapSocket::Hear(ws::Message message) {
  if (message.payload.size() > limits::kScreencapBytes) {
    return BadField("message", StrCat("is longer than ", limits::kScreencapBytes, " bytes"));
  }
  // What it may must be known first.
  if (role_ == atrium::v1::Participant::ROLE_UNSPECIFIED) {
    if (early_.size() >= limits::kEarlyMessages) {
      return TooMany("messages before ready", limits::kEarlyMessages, absl::Seconds(1));
    }
    early_.push_back(std::move(message));
    return absl::OkStatus();
  }
  if (message.opcode != ws::Opcode::kText) return BadField("message", "must be text");
  return room_->Hear(this, message.payload);
}

void ScreencapSocket::OnHeard(const JoinResponse& response) {
  if (response.has_welcome()) self_ = response.welcome().participant();
  const auto learn = [this](const atrium::v1::Participant& participant) {
    if (participant.name() == self_) role_ = participant.role();
  };
  for (const auto& participant : response.snapshot().participants()) learn(participant);
  if (response.change().has_participant()) learn(response.change().participant());
  if (role_ != atrium::v1::Participant::ROLE_UNSPECIFIED) {
    for (ws::Message& message : std::exchange(early_, {})) OnMessage(std::move(message));
  }
  room_->OnResponse(this, response);
}

}  // namespace atrium::gateway::compat
