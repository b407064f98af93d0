#include "media/peer.h"

#include <utility>

#include "common/log.h"
#include "media/certificate.h"
#include "media/errors.h"
#include "media/limits.h"

namespace atrium::media {

Peer::Peer(const PeerPipeline::Context& context, int64_t id, PeerKey key,
           std::optional<Offer> offer, std::shared_ptr<PeerStreams> streams, Listener* listener)
    : context_(context),
      id_(id),
      key_(std::move(key)),
      offers_(!offer),
      streams_(std::move(streams)),
      listener_(listener),
      offer_(offer ? *std::move(offer) : OurOffer()),
      candidate_count_(offer_.candidates.size()),
      started_at_(context.loop->Monotonic()) {}

void Peer::Start() {
  deadline_ = context_.loop->After(limits::kAnswerTimeout, [this] { Fail(NoAnswer(step_)); });
  absl::StatusOr<std::unique_ptr<PeerPipeline>> pipeline =
      PeerPipeline::Make(context_, offer_, streams_, weak_from_this());
  if (!pipeline.ok()) return Fail(pipeline.status());
  pipeline_ = *std::move(pipeline);
  if (offers_) {
    step_ = "making the offer";
    return pipeline_->MakeOffer();
  }
  step_ = "taking the offer";
  const absl::Status status = pipeline_->SetRemote(GST_WEBRTC_SDP_TYPE_OFFER, WriteOffer(offer_));
  if (!status.ok()) Fail(status);
}

void Peer::TakeAnswer(absl::StatusOr<Offer> answer) {
  if (ended_ || !offers_ || !told_ || std::exchange(answered_, true)) return;
  if (!answer.ok()) return Fail(answer.status());
  absl::Status status = FitAnswer(pipeline_->local_description(), &*answer);
  if (!status.ok()) return Fail(status);
  offer_ = *std::move(answer);
  candidate_count_ += offer_.candidates.size();
  status = pipeline_->SetRemote(GST_WEBRTC_SDP_TYPE_ANSWER, WriteOffer(offer_));
  if (!status.ok()) Fail(status);
}

void Peer::AddCandidate(const std::string& candidate) {
  if (ended_ || candidate.empty() || candidate_count_ >= limits::kCandidates) return;
  ++candidate_count_;
  if (remote_set_) {
    pipeline_->AddCandidate(candidate);
  } else {
    early_candidates_.push_back(candidate);
  }
}

void Peer::OnRemoteSet(absl::Status status) {
  if (ended_) return;
  if (!status.ok()) return Fail(status);
  remote_set_ = true;
  for (const std::string& candidate : std::exchange(early_candidates_, {})) {
    pipeline_->AddCandidate(candidate);
  }
  if (offers_) return;
  step_ = "making the answer";
  pipeline_->MakeAnswer();
}

void Peer::OnDescribed(DescriptionPtr ours) {
  if (ended_) return;
  if (!ours) return Fail(BadSdp("has nothing that could be answered"));
  step_ = "finding our addresses";
  pipeline_->SetLocal(std::move(ours));
}

void Peer::OnLocalSet() {
  local_set_ = true;
  MaybeTell();
}
void Peer::OnGathering() { MaybeTell(); }

void Peer::MaybeTell() {
  if (ended_ || told_ || !local_set_ || !pipeline_->gathered()) return;
  told_ = true;
  deadline_ = context_.loop->After(limits::kConnectTimeout, [this] { Fail(NotConnected()); });
  LogDebug(offers_ ? "offered" : "answered",
           {{"peer", key_.name},
            {"ms", absl::ToDoubleMilliseconds(context_.loop->Monotonic() - started_at_)}});
  if (offers_) return listener_->OnOffer(this, pipeline_->local_description());
  listener_->OnAnswer(this, WriteAnswer(offer_, pipeline_->local_description()));
}

void Peer::OnConnectionState() {
  if (ended_) return;
  const GstWebRTCPeerConnectionState state = pipeline_->connection_state();
  if (state == GST_WEBRTC_PEER_CONNECTION_STATE_FAILED) return Fail(ConnectionLost());
  if (state == GST_WEBRTC_PEER_CONNECTION_STATE_CONNECTED && !connected_) Verify();
}

// Nothing of it is heard and nothing sent to it before this.
void Peer::Verify() {
  if (!IsPromised(pipeline_->remote_certificate(), offer_.fingerprints)) {
    return Fail(WrongCertificate());
  }
  connected_ = true;
  deadline_.reset();
  seen_at_ = context_.loop->Monotonic();
  pipeline_->WatchReports();
  streams_->Open();
  LogInfo("a peer is connected",
          {{"peer", key_.name},
           {"epoch", key_.epoch},
           {"ms", absl::ToInt64Milliseconds(context_.loop->Monotonic() - started_at_)}});
  listener_->OnConnected(this);
}

void Peer::Watch() {
  if (ended_ || !connected_ || silent_told_) return;
  // A microphone never rests; a screen on which nothing changes may.
  const bool talker = offer_.sends() && offer_.kind == Offer::Kind::kAudio;
  const Traffic& traffic = pipeline_->traffic();
  const int64_t count = talker ? traffic.packets.load() : traffic.packets + traffic.reports;
  const absl::Duration now = context_.loop->Monotonic();
  if (count != seen_count_) {
    seen_count_ = count;
    seen_at_ = now;
    return;
  }
  const absl::Duration most = talker ? limits::kTalkerSilence : limits::kListenerSilence;
  if (now - seen_at_ < most) return;
  silent_told_ = true;
  listener_->OnSilent(this);
}

const char* Peer::state() const {
  if (!connected_) return "connecting";
  return silent_told_ ? "silent" : "connected";
}

Packets Peer::Count() const {
  Packets packets = streams_->Count();
  if (pipeline_) packets.in = pipeline_->traffic().packets;
  return packets;
}

void Peer::OnBroken(std::string why) {
  if (!ended_) Fail(PipelineFailed(why));
}

void Peer::Fail(const absl::Status& why) {
  if (std::exchange(ended_, true)) return;
  LogWarning("a peer failed",
             {{"peer", key_.name}, {"epoch", key_.epoch}, {"problem", why.message()}});
  const auto self = weak_from_this().lock();  // The listener lets go of us.
  const auto deadline = std::move(deadline_);
  listener_->OnFailed(this, why);
}

}  // namespace atrium::media
