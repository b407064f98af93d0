#include "media/forward.h"

#include <gst/rtp/gstrtpbuffer.h>

#include <algorithm>
#include <utility>

#include "media/limits.h"
#include "media/vp8.h"

namespace atrium::media {
namespace {

// Between the last picture of one source and the first of the next: 1/30 s at 90 kHz.
constexpr uint32_t kPictureTicks = 3000;

}  // namespace

RtpSequence::Place RtpSequence::Take(int64_t source, Place place) {
  if (source_ != source) {
    if (source_) next_.timestamp += kPictureTicks;
    source_ = source;
    sequence_shift_ = static_cast<uint16_t>(next_.sequence - place.sequence);
    timestamp_shift_ = next_.timestamp - place.timestamp;
  }
  const Place out{static_cast<uint16_t>(place.sequence + sequence_shift_),
                  place.timestamp + timestamp_shift_};
  // Ones that come late do not move the end.
  if (static_cast<int16_t>(out.sequence - next_.sequence) >= 0) {
    next_.sequence = static_cast<uint16_t>(out.sequence + 1);
  }
  if (static_cast<int32_t>(out.timestamp - next_.timestamp) > 0) next_.timestamp = out.timestamp;
  return out;
}

void Forward::SetSource(int64_t id, std::shared_ptr<Source> source) {
  {
    std::lock_guard<std::mutex> lock(mu_);
    if (id == source_id_ && source == source_) return;
    source_id_ = id;
    source_ = std::move(source);
    begun_ = false;
    asked_at_ = -absl::InfiniteDuration();
  }
  AskForKeyFrame();
}

void Forward::SetSinks(std::vector<std::shared_ptr<Sink>> sinks) {
  bool more;
  {
    std::lock_guard<std::mutex> lock(mu_);
    more = std::any_of(sinks.begin(), sinks.end(), [this](const auto& sink) {
      return std::find(sinks_.begin(), sinks_.end(), sink) == sinks_.end();
    });
    sinks_.swap(sinks);
    if (more) asked_at_ = -absl::InfiniteDuration();
  }
  if (more) AskForKeyFrame();
}

int64_t Forward::source_id() const {
  std::lock_guard<std::mutex> lock(mu_);
  return source_id_;
}

void Forward::SetTap(std::shared_ptr<Sink> tap) {
  std::lock_guard<std::mutex> lock(mu_);
  tap_.swap(tap);
}

bool Forward::has_tap() const {
  std::lock_guard<std::mutex> lock(mu_);
  return tap_ != nullptr;
}

void Forward::Push(int64_t source, GstBuffer* packet) {
  GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;
  if (!gst_rtp_buffer_map(packet, GST_MAP_READ, &rtp)) return;
  const RtpSequence::Place place{gst_rtp_buffer_get_seq(&rtp), gst_rtp_buffer_get_timestamp(&rtp)};
  const bool marker = gst_rtp_buffer_get_marker(&rtp);
  const bool key = BeginsKeyFrame({static_cast<const uint8_t*>(gst_rtp_buffer_get_payload(&rtp)),
                                   gst_rtp_buffer_get_payload_len(&rtp)});
  const auto payload = GRef<GstBuffer>::Adopt(gst_rtp_buffer_get_payload_buffer(&rtp));
  gst_rtp_buffer_unmap(&rtp);
  if (!payload) return;
  std::unique_lock<std::mutex> lock(mu_);
  if (source != source_id_) return;
  begun_ = begun_ || key;
  if (!begun_) {
    // To whoever watches, these would change pictures of the source before.
    lock.unlock();
    return AskForKeyFrame();
  }
  for (const auto& sink : sinks_) sink->Send(source, place, marker, payload);
  if (tap_ != nullptr) tap_->Send(source, place, marker, payload);
}

void Forward::AskForKeyFrame() {
  std::shared_ptr<Source> source;
  {
    std::lock_guard<std::mutex> lock(mu_);
    const absl::Duration now = now_();
    if (source_ == nullptr || now - asked_at_ < limits::kKeyFrameSpacing) return;
    asked_at_ = now;
    source = source_;
  }
  source->AskForKeyFrame();
}

}  // namespace atrium::media
