// JoinLink is one page's Join stream to control. When control is away the page
// stays: the link comes back by itself, says the page's hello again as it would
// be now, and sends what waited.
//
// On the loop.
#ifndef ATRIUM_GATEWAY_BRIDGE_JOIN_LINK_H_
#define ATRIUM_GATEWAY_BRIDGE_JOIN_LINK_H_

#include <deque>
#include <string>

#include "absl/status/status.h"
#include "atrium/v1/live.grpc.pb.h"
#include "common/loop.h"
#include "common/rpc/stream.h"

namespace atrium::gateway {

class JoinLink {
 public:
  // Upward news.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void OnResponse(const atrium::v1::JoinResponse& response) = 0;
    // Control is away; the link tries again.
    virtual void OnAway() = 0;
    // Control refuses the page: final.
    virtual void OnRefused(const absl::Status& why) = 0;
  };

  // `token`: a ticket or an access token.
  JoinLink(Loop* loop, atrium::v1::LiveService::Stub* stub, std::string token, Listener* listener);
  ~JoinLink();
  JoinLink(const JoinLink&) = delete;
  JoinLink& operator=(const JoinLink&) = delete;

  // The first request must be `hello`. Nothing is sent once the page was refused.
  void Send(const atrium::v1::JoinRequest& request);

 private:
  using Stream = rpc::ClientStream<atrium::v1::JoinRequest, atrium::v1::JoinResponse>;

  void Connect();
  void OnResponse(const atrium::v1::JoinResponse& response);
  void OnClosed(const absl::Status& status);
  void Note(const atrium::v1::JoinRequest& request);

  // Given.
  Loop* const loop_;
  atrium::v1::LiveService::Stub* const stub_;
  Listener* const listener_;
  // State.
  std::string token_;
  atrium::v1::JoinRequest hello_;  // As it would be said now.
  std::deque<atrium::v1::JoinRequest> waiting_;
  Stream* stream_ = nullptr;
  Loop::HandlePtr retry_;
  bool welcomed_ = false;
  bool refused_ = false;  // For good.
};

}  // namespace atrium::gateway

#endif  // ATRIUM_GATEWAY_BRIDGE_JOIN_LINK_H_
