#include "common/rpc/status.h"

#include <string>

#include "absl/strings/numbers.h"
#include "common/errors.h"
#include "google/rpc/status.pb.h"

namespace atrium::rpc {

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const ErrorDetails details = DetailsOf(status);
  google::rpc::Status full;
  full.set_code(static_cast<int>(status.code()));
  full.set_message(std::string(status.message()));
  google::rpc::ErrorInfo info;
  info.set_reason(details.reason.empty() ? "UNKNOWN" : details.reason);
  info.set_domain("atrium");
  if (!details.resource.empty()) (*info.mutable_metadata())["resource"] = details.resource;
  if (details.offset) (*info.mutable_metadata())["offset"] = std::to_string(*details.offset);
  full.add_details()->PackFrom(info);
  if (details.retry_after) {
    google::rpc::RetryInfo retry;
    const int64_t ms = absl::ToInt64Milliseconds(*details.retry_after);
    retry.mutable_retry_delay()->set_seconds(ms / 1000);
    retry.mutable_retry_delay()->set_nanos(static_cast<int>(ms % 1000) * 1000000);
    full.add_details()->PackFrom(retry);
  }
  if (!details.field.empty()) {
    google::rpc::BadRequest bad;
    auto* violation = bad.add_field_violations();
    violation->set_field(details.field);
    violation->set_description(std::string(status.message()));
    full.add_details()->PackFrom(bad);
  }
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(status.message()),
                      full.SerializeAsString());
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  ErrorDetails details;
  google::rpc::Status full;
  if (full.ParseFromString(status.error_details())) {
    for (const auto& any : full.details()) {
      google::rpc::ErrorInfo info;
      google::rpc::RetryInfo retry;
      google::rpc::BadRequest bad;
      if (any.UnpackTo(&info)) {
        details.reason = info.reason();
        auto it = info.metadata().find("resource");
        if (it != info.metadata().end()) details.resource = it->second;
        int64_t offset = 0;
        it = info.metadata().find("offset");
        if (it != info.metadata().end() && absl::SimpleAtoi(it->second, &offset)) {
          details.offset = offset;
        }
      } else if (any.UnpackTo(&retry)) {
        details.retry_after = absl::Seconds(retry.retry_delay().seconds()) +
                              absl::Nanoseconds(retry.retry_delay().nanos());
      } else if (any.UnpackTo(&bad) && bad.field_violations_size() > 0) {
        details.field = bad.field_violations(0).field();
      }
    }
  }
  return MakeError(static_cast<absl::StatusCode>(status.error_code()), status.error_message(),
                   std::move(details));
}

}  // namespace atrium::rpc
