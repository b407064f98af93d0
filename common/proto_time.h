// Time between Abseil's and protobuf's form.
#ifndef ATRIUM_COMMON_PROTO_TIME_H_
#define ATRIUM_COMMON_PROTO_TIME_H_

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include "absl/time/time.h"

namespace atrium {

inline google::protobuf::Timestamp ToProtoTime(absl::Time time) {
  google::protobuf::Timestamp out;
  const int64_t us = absl::ToUnixMicros(time);
  const int64_t seconds = us >= 0 ? us / 1000000 : (us - 999999) / 1000000;
  out.set_seconds(seconds);
  out.set_nanos(static_cast<int32_t>((us - seconds * 1000000) * 1000));
  return out;
}
inline absl::Time FromProtoTime(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}
inline google::protobuf::Duration ToProtoDuration(absl::Duration duration) {
  google::protobuf::Duration out;
  const int64_t us = absl::ToInt64Microseconds(duration);
  out.set_seconds(us / 1000000);
  out.set_nanos(static_cast<int32_t>(us % 1000000) * 1000);
  return out;
}
inline absl::Duration FromProtoDuration(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

}  // namespace atrium

#endif  // ATRIUM_COMMON_PROTO_TIME_H_
