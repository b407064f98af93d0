#include "media/peer_pipeline.h"

#include <gst/sdp/sdp.h>

#include <utility>

#include "common/log.h"
#include "common/status_macros.h"
#include "common/str_cat.h"
#include "media/address.h"
#include "media/errors.h"
#include "media/limits.h"

namespace atrium::media {
namespace {

// Milliseconds that a missing packet of a screen is waited for; a voice's is our own matter
// (VoiceDecoder).
constexpr guint kJitterMs = 40;
// Milliseconds between two checks of an address: the least that is allowed (RFC 8445,
// section 14.2), as most peers have one address that works.
constexpr guint kCheckSpacingMs = 5;
// Streams of one peer that are taken, the first of them heard.
constexpr int kStreams = 4;

GstPadProbeReturn OnPacket(GstPad*, GstPadProbeInfo*, gpointer kept) {
  ++Kept<Traffic>(kept).packets;
  return GST_PAD_PROBE_OK;
}
// Of a stream beside the one that is taken.
GstPadProbeReturn OnNoise(GstPad*, GstPadProbeInfo*, gpointer) { return GST_PAD_PROBE_DROP; }
GstPadProbeReturn OnReport(GstPad*, GstPadProbeInfo*, gpointer kept) {
  ++Kept<Traffic>(kept).reports;
  return GST_PAD_PROBE_OK;
}

std::string ErrorOf(const GstStructure* reply) {
  GError* error = nullptr;
  if (reply == nullptr || !gst_structure_get(reply, "error", G_TYPE_ERROR, &error, nullptr))
    return "";
  const std::string text = error->message;
  g_error_free(error);
  return text.empty() ? "unknown" : text;
}

}  // namespace

// What GStreamer's threads hold: the way to the loop, if the peer still lives.
struct PeerPipeline::Door {
  Loop* loop;
  std::weak_ptr<Listener> listener;
  std::shared_ptr<PeerStreams> streams;
  std::shared_ptr<Traffic> traffic;
  std::string preference;  // What to take of the m-line; empty: GStreamer decides.
  int payload_type;        // The only one that is taken.

  template <typename Fn>
  void Post(Fn fn) {
    loop->Post([listener = listener, fn = std::move(fn)]() mutable {
      if (auto alive = listener.lock()) fn(*alive);
    });
  }
};

absl::StatusOr<std::unique_ptr<PeerPipeline>> PeerPipeline::Make(const Context& context,
                                                                 const Offer& offer,
                                                                 std::shared_ptr<PeerStreams> streams,
                                                                 std::weak_ptr<Listener> listener) {
  std::unique_ptr<PeerPipeline> self(new PeerPipeline(context, std::move(streams)));
  RETURN_IF_ERROR(self->Build(offer, std::move(listener)));
  return self;
}

absl::Status PeerPipeline::Build(const Offer& offer, std::weak_ptr<Listener> listener) {
  door_ = std::make_shared<Door>(
      Door{context_.loop, std::move(listener), streams_, traffic_,
           offer.kind == Offer::Kind::kVideo ? WriteCaps(offer) : "", offer.payload_type});
  pipeline_ = GRef<GstElement>::Sink(gst_pipeline_new(nullptr));
  GstElement* webrtc = gst_element_factory_make("webrtcbin", nullptr);
  if (webrtc == nullptr) return NoSuchPlugin("webrtcbin");
  webrtc_ = GRef<GstElement>::Sink(webrtc);
  g_object_set(webrtc, "bundle-policy", GST_WEBRTC_BUNDLE_POLICY_MAX_BUNDLE, "latency", kJitterMs,
               nullptr);
  gst_bin_add(GST_BIN(pipeline_.get()), webrtc);
  gst_pipeline_use_clock(GST_PIPELINE(pipeline_.get()), context_.clock->gst_clock());
  gst_element_set_base_time(pipeline_.get(), context_.clock->base_time());
  gst_element_set_start_time(pipeline_.get(), GST_CLOCK_TIME_NONE);
  SetUpIce(offer);
  Connect();
  if (gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE) {
    return PipelineFailed("it does not start");
  }
  return offer.receives() ? AddSender(offer) : absl::OkStatus();
}

void PeerPipeline::SetUpIce(const Offer& offer) {
  GObject *ice_raw = nullptr, *agent_raw = nullptr;
  g_object_get(webrtc_.get(), "ice-agent", &ice_raw, nullptr);
  const auto ice = GRef<GObject>::Adopt(ice_raw);
  g_object_get(ice.get(), "agent", &agent_raw, nullptr);
  const auto agent = GRef<GObject>::Adopt(agent_raw);
  // Both cost 200 ms of each answer, for what no browser needs.
  g_object_set(agent.get(), "ice-tcp", FALSE, "upnp", FALSE, "stun-pacing-timer", kCheckSpacingMs,
               nullptr);
  std::vector<std::string> addresses = LocalAddresses(context_.ice.addresses);
  if (!offer.ours) addresses = AddressesFor(offer.candidates, std::move(addresses));
  for (const std::string& address : addresses) {
    gboolean added = FALSE;
    g_signal_emit_by_name(ice.get(), "add-local-ip-address", address.c_str(), &added);
    if (!added) LogWarning("cannot use an address", {{"address", address}});
  }
  if (context_.ice.max_port > 0) {
    g_object_set(ice.get(), "min-rtp-port", static_cast<guint>(context_.ice.min_port),
                 "max-rtp-port", static_cast<guint>(context_.ice.max_port), nullptr);
  }
}

absl::Status PeerPipeline::AddSender(const Offer& offer) {
  auto to = GRef<GstPad>::Adopt(gst_element_request_pad_simple(webrtc_.get(), "sink_0"));
  if (!to || !streams_->Connect(offer, GST_BIN(pipeline_.get()), to.get())) {
    return PipelineFailed("its sending side does not fit");
  }
  if (!offer.sends()) {
    GObject* transceiver = nullptr;
    g_object_get(to.get(), "transceiver", &transceiver, nullptr);
    const auto owned = GRef<GObject>::Adopt(transceiver);
    g_object_set(transceiver, "direction", GST_WEBRTC_RTP_TRANSCEIVER_DIRECTION_SENDONLY, nullptr);
  }
  return absl::OkStatus();
}

void PeerPipeline::Connect() {
  const auto connect = [this](const char* signal, GCallback callback) {
    signals_.emplace_back(webrtc_.get(),
                          g_signal_connect_data(webrtc_.get(), signal, callback, Keep(door_),
                                                DropClosure<Door>, static_cast<GConnectFlags>(0)));
  };
  if (streams_->takes_packets()) {
    const GRef<GstElement> bin = rtpbin();
    signals_.emplace_back(bin.get(), g_signal_connect_data(bin.get(), "new-jitterbuffer",
                                                           G_CALLBACK(OnStream), Keep(door_),
                                                           DropClosure<Door>, GConnectFlags{}));
  } else {
    connect("pad-added", G_CALLBACK(OnPadAdded));
  }
  connect("on-new-transceiver", G_CALLBACK(OnTransceiver));
  connect("notify::connection-state", G_CALLBACK(OnNotify));
  connect("notify::ice-gathering-state", G_CALLBACK(OnNotify));
  auto bus = GRef<GstBus>::Adopt(gst_element_get_bus(pipeline_.get()));
  gst_bus_set_sync_handler(bus.get(), OnBusMessage, Keep(door_), Drop<Door>);
}

PeerPipeline::~PeerPipeline() {
  signals_.clear();
  if (!pipeline_) return;
  context_.reaper->Post([pipeline = std::move(pipeline_), webrtc = std::move(webrtc_),
                         part = streams_->Close()]() mutable {
    gst_element_set_state(pipeline.get(), GST_STATE_NULL);
    auto bus = GRef<GstBus>::Adopt(gst_element_get_bus(pipeline.get()));
    gst_bus_set_flushing(bus.get(), TRUE);
    gst_bus_set_sync_handler(bus.get(), nullptr, nullptr, nullptr);
  });
}

GstPromise* PeerPipeline::Promise(void (*on_change)(GstPromise*, Door*)) {
  struct Call {
    std::shared_ptr<Door> door;
    void (*on_change)(GstPromise*, Door*);
  };
  return gst_promise_new_with_change_func(
      [](GstPromise* promise, gpointer data) {
        const auto owned = GRef<GstPromise>::Adopt(promise);
        auto* call = static_cast<Call*>(data);
        // Otherwise the pipeline is being taken apart.
        if (gst_promise_wait(promise) == GST_PROMISE_RESULT_REPLIED) {
          call->on_change(promise, call->door.get());
        }
      },
      new Call{door_, on_change}, [](gpointer data) { delete static_cast<Call*>(data); });
}

absl::Status PeerPipeline::SetRemote(GstWebRTCSDPType type, const std::string& sdp) {
  GstSDPMessage* message = nullptr;
  if (gst_sdp_message_new_from_text(sdp.c_str(), &message) != GST_SDP_OK) {
    return BadSdp("cannot be parsed");
  }
  DescriptionPtr theirs(gst_webrtc_session_description_new(type, message));
  g_signal_emit_by_name(webrtc_.get(), "set-remote-description", theirs.get(),
                        Promise([](GstPromise* promise, Door* door) {
                          const std::string why = ErrorOf(gst_promise_get_reply(promise));
                          door->Post([why](Listener& listener) {
                            listener.OnRemoteSet(why.empty()
                                                     ? absl::OkStatus()
                                                     : BadSdp(StrCat("was refused: ", why)));
                          });
                        }));
  return absl::OkStatus();
}

void PeerPipeline::MakeAnswer() { Describe("create-answer"); }
void PeerPipeline::MakeOffer() { Describe("create-offer"); }

void PeerPipeline::Describe(const char* how) {
  g_signal_emit_by_name(
      webrtc_.get(), how, nullptr, Promise([](GstPromise* promise, Door* door) {
        GstWebRTCSessionDescription* ours = nullptr;
        const GstStructure* reply = gst_promise_get_reply(promise);
        for (const char* kind : {"answer", "offer"}) {
          if (reply == nullptr || !gst_structure_has_field(reply, kind)) continue;
          gst_structure_get(reply, kind, GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &ours, nullptr);
        }
        door->Post([ours = DescriptionPtr(ours)](Listener& listener) mutable {
          listener.OnDescribed(std::move(ours));
        });
      }));
}

void PeerPipeline::SetLocal(DescriptionPtr ours) {
  g_signal_emit_by_name(webrtc_.get(), "set-local-description", ours.get(),
                        Promise([](GstPromise*, Door* door) {
                          door->Post([](Listener& listener) { listener.OnLocalSet(); });
                        }));
}

void PeerPipeline::AddCandidate(const std::string& candidate) {
  g_signal_emit_by_name(webrtc_.get(), "add-ice-candidate", 0u, candidate.c_str());
}

bool PeerPipeline::gathered() const {
  GstWebRTCICEGatheringState state{};
  g_object_get(webrtc_.get(), "ice-gathering-state", &state, nullptr);
  return state == GST_WEBRTC_ICE_GATHERING_STATE_COMPLETE;
}

std::string PeerPipeline::local_description() const {
  GstWebRTCSessionDescription* raw = nullptr;
  g_object_get(webrtc_.get(), "local-description", &raw, nullptr);
  const DescriptionPtr description(raw);
  if (!description) return "";
  gchar* text = gst_sdp_message_as_text(description->sdp);
  std::string sdp(text);
  g_free(text);
  return sdp;
}

GstWebRTCPeerConnectionState PeerPipeline::connection_state() const {
  GstWebRTCPeerConnectionState state{};
  g_object_get(webrtc_.get(), "connection-state", &state, nullptr);
  return state;
}

std::string PeerPipeline::remote_certificate() const {
  GObject *transceiver = nullptr, *sender = nullptr, *transport = nullptr;
  g_signal_emit_by_name(webrtc_.get(), "get-transceiver", 0, &transceiver);
  if (transceiver == nullptr) return "";
  const auto owned_transceiver = GRef<GObject>::Adopt(transceiver);
  g_object_get(transceiver, "sender", &sender, nullptr);
  if (sender == nullptr) return "";
  const auto owned_sender = GRef<GObject>::Adopt(sender);
  g_object_get(sender, "transport", &transport, nullptr);
  if (transport == nullptr) return "";
  const auto owned_transport = GRef<GObject>::Adopt(transport);
  gchar* pem = nullptr;
  g_object_get(transport, "remote-certificate", &pem, nullptr);
  std::string certificate(pem == nullptr ? "" : pem);
  g_free(pem);
  return certificate;
}

// By transport-wide feedback, see draft-holmer-rmcat-transport-wide-cc-extensions-01.
std::optional<LinkReport> PeerPipeline::TakeLink() {
  const GRef<GstElement> bin = rtpbin();
  if (!bin) return std::nullopt;
  GObject* session = nullptr;
  g_signal_emit_by_name(bin.get(), "get-session", 0, &session);
  const auto owned = GRef<GObject>::Adopt(session);
  if (session == nullptr) return std::nullopt;
  GstStructure* stats = nullptr;
  g_object_get(session, "twcc-stats", &stats, nullptr);
  const bool news =
      stats != nullptr && (link_ == nullptr || !gst_structure_is_equal(link_.get(), stats));
  link_.reset(stats);
  if (!news) return std::nullopt;
  guint received = 0, packets = 0;
  gdouble lost = 0;
  gint64 growth = 0;
  LinkReport report;
  const bool told = gst_structure_get(
      stats, "bitrate-recv", G_TYPE_UINT, &received, "packets-recv", G_TYPE_UINT, &packets,
      "packet-loss-pct", G_TYPE_DOUBLE, &lost, "avg-delta-of-delta", G_TYPE_INT64, &growth, nullptr);
  if (!told) return std::nullopt;
  report.received_bps = received;
  report.loss = lost / 100;
  report.delay_growth = absl::Nanoseconds(growth) * static_cast<int64_t>(packets);
  return report;
}

GRef<GstElement> PeerPipeline::rtpbin() const {
  return GRef<GstElement>::Adopt(gst_bin_get_by_name(GST_BIN(webrtc_.get()), "rtpbin"));
}

void PeerPipeline::WatchReports() {
  const GRef<GstElement> bin = rtpbin();
  if (!bin) return;
  auto pad = GRef<GstPad>::Adopt(gst_element_get_static_pad(bin.get(), "recv_rtcp_sink_0"));
  if (!pad) return;
  gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_BUFFER, OnReport, Keep(traffic_), Drop<Traffic>);
}

void PeerPipeline::OnNotify(GstElement*, GParamSpec* property, gpointer kept) {
  const bool gathering = g_str_equal(property->name, "ice-gathering-state");
  Kept<Door>(kept).Post([gathering](Listener& listener) {
    gathering ? listener.OnGathering() : listener.OnConnectionState();
  });
}

// Without it a browser is not told how its packets fare, and sends a small picture.
void PeerPipeline::OnTransceiver(GstElement*, GObject* transceiver, gpointer kept) {
  const std::string& preference = Kept<Door>(kept).preference;
  if (preference.empty()) return;
  const auto caps = GRef<GstCaps>::Adopt(gst_caps_from_string(preference.c_str()));
  g_object_set(transceiver, "codec-preferences", caps.get(), nullptr);
}

// On a streaming thread. What comes is taken before GStreamer's jitter buffer, whose
// thread and timers cost a third of a talker; nothing gets into it.
void PeerPipeline::OnStream(GstElement*, GstElement* jitter_buffer, guint, guint, gpointer kept) {
  Door& door = Kept<Door>(kept);
  const bool taken = door.traffic->streams++ == 0;
  const auto pad = GRef<GstPad>::Adopt(gst_element_get_static_pad(jitter_buffer, "sink"));
  gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_BUFFER, taken ? OnVoice : OnNoise,
                    Keep(KeptShared<Door>(kept)), Drop<Door>);
}

// What was not agreed on is nobody's voice.
GstPadProbeReturn PeerPipeline::OnVoice(GstPad*, GstPadProbeInfo* info, gpointer kept) {
  Door& door = Kept<Door>(kept);
  GstBuffer* packet = GST_PAD_PROBE_INFO_BUFFER(info);
  uint8_t type = 0;  // Behind the marker, RFC 3550, section 5.1.
  gst_buffer_extract(packet, 1, &type, 1);
  if ((type & 0x7f) == door.payload_type) {
    ++door.traffic->packets;
    door.streams->TakePacket(packet);
  }
  return GST_PAD_PROBE_DROP;
}

// On a streaming thread: touches nothing but the pipeline and the streams.
void PeerPipeline::OnPadAdded(GstElement* webrtc, GstPad* pad, gpointer kept) {
  Door& door = Kept<Door>(kept);
  if (GST_PAD_DIRECTION(pad) != GST_PAD_SRC) return;
  const int stream = door.traffic->streams++;
  auto pipeline = GRef<GstElement>::Adopt(GST_ELEMENT(gst_element_get_parent(webrtc)));
  if (!pipeline || stream >= kStreams) return;
  GRef<GstElement> chain =
      stream == 0 ? door.streams->MakeReceiver(pad) : ParseBin("fakesink sync=false async=false");
  if (!chain) return;
  if (stream == 0) {
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, OnPacket, Keep(door.traffic), Drop<Traffic>);
  }
  gst_bin_add(GST_BIN(pipeline.get()), chain.get());
  gst_element_sync_state_with_parent(chain.get());
  auto sink = GRef<GstPad>::Adopt(gst_element_get_static_pad(chain.get(), "sink"));
  if (gst_pad_link(pad, sink.get()) != GST_PAD_LINK_OK) {
    door.Post([](Listener& listener) { listener.OnBroken("its receiving side does not fit"); });
  }
}

// On any of GStreamer's threads. Keeps nothing: a kept message would keep its
// pipeline alive.
GstBusSyncReply PeerPipeline::OnBusMessage(GstBus*, GstMessage* message, gpointer kept) {
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
    GError* error = nullptr;
    gst_message_parse_error(message, &error, nullptr);
    const std::string why = StrCat(GST_OBJECT_NAME(GST_MESSAGE_SRC(message)), ": ", error->message);
    g_error_free(error);
    Kept<Door>(kept).Post([why](Listener& listener) { listener.OnBroken(why); });
  }
  gst_message_unref(message);
  return GST_BUS_DROP;
}

}  // namespace atrium::media
