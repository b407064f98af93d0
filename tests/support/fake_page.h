// A page that keeps what a session says to it.
#ifndef ATRIUM_TESTS_SUPPORT_FAKE_PAGE_H_
#define ATRIUM_TESTS_SUPPORT_FAKE_PAGE_H_

#include <optional>
#include <string>
#include <vector>

#include "control/session/people.h"

namespace atrium::control {

class FakePage final : public PageDoor {
 public:
  void Send(const atrium::v1::JoinResponse& response) override { heard.push_back(response); }
  void Close(const absl::Status& why) override { closed = why; }

  // The newest response of a kind; null if there was none.
  const atrium::v1::JoinResponse* Last(atrium::v1::JoinResponse::MessageCase kind) const {
    for (auto it = heard.rbegin(); it != heard.rend(); ++it) {
      if (it->message_case() == kind) return &*it;
    }
    return nullptr;
  }
  int Count(atrium::v1::JoinResponse::MessageCase kind) const {
    int count = 0;
    for (const auto& response : heard) count += response.message_case() == kind ? 1 : 0;
    return count;
  }
  std::string attachment() const {
    const auto* told = Last(atrium::v1::JoinResponse::kAttachment);
    return told == nullptr ? "" : told->attachment().attachment();
  }

  std::vector<atrium::v1::JoinResponse> heard;
  std::optional<absl::Status> closed;
};

}  // namespace atrium::control

#endif  // ATRIUM_TESTS_SUPPORT_FAKE_PAGE_H_
