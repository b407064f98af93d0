#include "media/still.h"

#include <mutex>
#include <utility>

#include "common/errors.h"
#include "common/status_macros.h"
#include "media/errors.h"
#include "media/limits.h"

namespace atrium::media {

using atrium::media::v1::TakeStillRequest;
using atrium::media::v1::TakeStillResponse;

// What is forwarded passes here. On the source's thread; locked by itself.
class Still::Tap final : public Forward::Sink {
 public:
  using OnKeyFrame = std::function<void(int64_t source, KeyFrameCollector::KeyFrame)>;

  explicit Tap(OnKeyFrame on_key_frame) : on_key_frame_(std::move(on_key_frame)) {}

  // The next key frame is wanted.
  void Want() {
    std::lock_guard<std::mutex> lock(mu_);
    wants_ = true;
    collector_.Reset();
  }
  bool wants() const {
    std::lock_guard<std::mutex> lock(mu_);
    return wants_;
  }
  // Whether anything came since the key frame that was taken.
  bool moved() const {
    std::lock_guard<std::mutex> lock(mu_);
    return moved_;
  }
  void Send(int64_t source, RtpSequence::Place place, bool marker,
            const GRef<GstBuffer>& payload) override {
    std::optional<KeyFrameCollector::KeyFrame> frame;
    {
      std::lock_guard<std::mutex> lock(mu_);
      moved_ = true;
      if (!wants_) return;
      if (std::exchange(source_, source) != source) collector_.Reset();
      GstMapInfo map;
      if (!gst_buffer_map(payload.get(), &map, GST_MAP_READ)) return;
      frame = collector_.Take(place.sequence, marker, {map.data, map.size});
      gst_buffer_unmap(payload.get(), &map);
      if (!frame) return;
      wants_ = false;
      moved_ = false;
    }
    on_key_frame_(source, *std::move(frame));
  }

 private:
  const OnKeyFrame on_key_frame_;
  mutable std::mutex mu_;
  // Guarded by mu_.
  int64_t source_ = 0;
  KeyFrameCollector collector_;
  bool wants_ = false;
  bool moved_ = true;
};

Still::Still(const Context& context, std::shared_ptr<Forward> forward)
    : context_(context), forward_(std::move(forward)), self_(std::make_shared<Still*>(this)) {}

Still::~Still() {
  forward_->SetTap(nullptr);
  if (ask_) End(NoScreen(ask_->request.capture()));
}

void Still::Take(const TakeStillRequest& request, Done done) {
  if (request.max_side() < 0) return done(BadField("max_side", "must not be negative"));
  if (ask_) return done(StillUnderWay(request.capture()));
  const int64_t source = forward_->source_id();
  if (source == 0) return done(NoScreen(request.capture()));
  if (const absl::Status status = Prepare(); !status.ok()) return done(status);
  ask_ = Ask{request, std::move(done)};
  ++last_ask_;
  deadline_ = context_.loop->After(limits::kStillWait, [this] {
    decoder_.reset();  // It may be what does not work.
    End(NoStill(ask_->request.capture()));
  });
  idle_ = context_.loop->After(limits::kStillIdle, [this] { Rest(); });
  if (picture_ && source == source_ && !tap_->moved()) return Answer();
  picture_ = {};
  tap_->Want();
  AskForKeyFrame();
}

absl::Status Still::Prepare() {
  Loop* const loop = context_.loop;
  const std::weak_ptr<Still*> weak = self_;
  if (decoder_ == nullptr) {
    auto on_picture = [loop, weak, decoder = ++last_decoder_](GRef<GstSample> picture) {
      loop->Post([weak, decoder, picture = std::move(picture)] {
        if (const auto self = weak.lock()) (*self)->OnPicture(decoder, picture);
      });
    };
    ASSIGN_OR_RETURN(decoder_, PictureDecoder::Make(context_.reaper, std::move(on_picture)));
  }
  if (tap_ != nullptr) return absl::OkStatus();
  tap_ = std::make_shared<Tap>([loop, weak](int64_t source, KeyFrameCollector::KeyFrame frame) {
    loop->Post([weak, source, frame = std::move(frame)]() mutable {
      if (const auto self = weak.lock()) (*self)->OnKeyFrame(source, std::move(frame));
    });
  });
  forward_->SetTap(tap_);
  return absl::OkStatus();
}

// The source is asked at most so often, and what it sends may get lost.
void Still::AskForKeyFrame() {
  if (!tap_->wants()) return;
  forward_->AskForKeyFrame();
  again_ = context_.loop->After(limits::kKeyFrameSpacing, [this] { AskForKeyFrame(); });
}

void Still::OnKeyFrame(int64_t source, KeyFrameCollector::KeyFrame frame) {
  if (!ask_ || decoder_ == nullptr) return;
  source_ = source;
  decoder_->Push(std::move(frame.bytes));
}

void Still::OnPicture(int64_t decoder, GRef<GstSample> picture) {
  if (decoder != last_decoder_ || !ask_ || picture_) return;
  picture_ = std::move(picture);
  Answer();
}

void Still::Answer() {
  context_.pictures->Post([loop = context_.loop, weak = std::weak_ptr<Still*>(self_),
                           picture = picture_, ask = last_ask_, request = ask_->request] {
    loop->Post([weak, ask, result = MakeStill(picture.get(), request)]() mutable {
      const auto self = weak.lock();
      if (self && ask == (*self)->last_ask_) (*self)->End(std::move(result));
    });
  });
}

void Still::End(absl::StatusOr<TakeStillResponse> result) {
  again_.reset();
  deadline_.reset();
  if (!ask_) return;
  const Done done = std::exchange(ask_, std::nullopt)->done;
  done(std::move(result));
}

void Still::Rest() {
  forward_->SetTap(nullptr);
  tap_.reset();
  decoder_.reset();
  picture_ = {};
}

}  // namespace atrium::media
