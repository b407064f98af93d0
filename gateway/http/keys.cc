#include "gateway/http/keys.h"

#include <utility>

#include "common/log.h"
#include "common/rpc/unary.h"
#include "gateway/errors.h"
#include "gateway/limits.h"

namespace atrium::gateway {

using atrium::v1::GetKeysResponse;

Keys::Keys(Loop* loop, atrium::v1::AuthService::Stub* auth, std::function<void()> known)
    : loop_(loop), auth_(auth), known_(std::move(known)) {
  Fetch();
}

void Keys::Fetch() {
  rpc::Call<GetKeysResponse>(
      loop_, limits::kCallDeadline, atrium::v1::GetKeysRequest(),
      [this](auto* c, auto* q, auto* r, auto then) { auth_->async()->GetKeys(c, q, r, then); },
      [this](absl::StatusOr<GetKeysResponse> response) {
        absl::Duration next = limits::kLinkRetry * 4;
        if (response.ok()) {
          auto verifier = TokenVerifier::FromJwks(response->jwks());
          if (verifier.ok()) {
            verifier_ = *std::move(verifier);
            no_auth_ = response->no_auth();
            trust_localhost_ = response->trust_localhost();
            next = limits::kKeyRefresh;
            if (known_) std::exchange(known_, nullptr)();
          } else {
            LogError("control's keys are unreadable", {{"error", verifier.status().message()}});
          }
        } else if (verifier_ != nullptr) {
          next = limits::kKeyRefresh;
        }
        timer_ = loop_->After(next, [this] { Fetch(); });
      });
}

absl::StatusOr<Claims> Keys::Check(const std::string& token) const {
  if (verifier_ == nullptr) return KeysUnknown();
  absl::StatusOr<Claims> ticket = verifier_->Verify(token, kTicketPurpose, loop_->Now());
  return ticket.ok() ? ticket : verifier_->Verify(token, kAccessPurpose, loop_->Now());
}

}  // namespace atrium::gateway
