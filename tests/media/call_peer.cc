#include "tests/media/call_peer.h"

#include <gst/app/gstappsink.h>
#include <gst/sdp/sdp.h>

#include <algorithm>
#include <vector>

#include "common/str_cat.h"
#include "tests/media/tones.h"

namespace atrium::media {
namespace {

constexpr size_t kHeardSamples = 4800;  // 200 ms.
constexpr int16_t kLoud = 400;

constexpr char kVp8Caps[] =
    "application/x-rtp,media=video,encoding-name=VP8,clock-rate=90000,payload=96,"
    "rtcp-fb-nack-pli=true,rtcp-fb-ccm-fir=true,rtcp-fb-transport-cc=true,"
    "extmap-1=http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

std::string SourceOf(const CallPeer::Voice& voice) {
  if (!voice.shows.empty()) {
    // As screens are: a key frame only when one is asked for.
    return StrCat("videotestsrc is-live=true pattern=", voice.shows,
                  " ! capsfilter caps=video/x-raw,width=320,height=240,framerate=15/1 ! "
                  "vp8enc deadline=1 keyframe-max-dist=3000 target-bitrate=", voice.video_bps, " ! valve name=valve ! "
                  "rtpvp8pay pt=96 ! capsfilter caps=", kVp8Caps);
  }
  const std::string source =
      !voice.wav.empty()
          ? StrCat("filesrc location=", voice.wav, " ! wavparse ! audioconvert ! audioresample ! ",
                   "identity sync=true")
          : StrCat("audiotestsrc is-live=true samplesperbuffer=960 volume=0.25 ",
                   voice.hertz > 0 ? StrCat("freq=", voice.hertz) : "wave=silence");
  return StrCat(
      source, " ! capsfilter caps=audio/x-raw,rate=48000,channels=1 ! opusenc ! ",
      "valve name=valve ! rtpopuspay pt=111 ! capsfilter caps=application/x-rtp,media=audio,"
      "encoding-name=OPUS,clock-rate=48000,encoding-params=(string)2,payload=111");
}

}  // namespace

CallPeer::CallPeer(Voice voice) {
  pipeline_ = GRef<GstElement>::Sink(gst_pipeline_new(nullptr));
  webrtc_ = GRef<GstElement>::Sink(gst_element_factory_make("webrtcbin", nullptr));
  g_object_set(webrtc_.get(), "bundle-policy", GST_WEBRTC_BUNDLE_POLICY_MAX_BUNDLE, "latency", 0u,
               nullptr);
  gst_bin_add(GST_BIN(pipeline_.get()), webrtc_.get());
  GObject *ice = nullptr, *agent = nullptr;
  g_object_get(webrtc_.get(), "ice-agent", &ice, nullptr);
  g_object_get(ice, "agent", &agent, nullptr);
  g_object_set(agent, "ice-tcp", FALSE, "upnp", FALSE, nullptr);
  gboolean added = FALSE;
  g_signal_emit_by_name(ice, "add-local-ip-address", voice.address.c_str(), &added);
  g_object_unref(agent);
  g_object_unref(ice);
  g_signal_connect(webrtc_.get(), "pad-added", G_CALLBACK(OnPadAdded), this);
  g_signal_connect(webrtc_.get(), "notify::connection-state", G_CALLBACK(OnState), this);
  g_signal_connect(webrtc_.get(), "notify::ice-gathering-state", G_CALLBACK(OnState), this);
  if (voice.answers) {
    gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
    return;
  }
  g_signal_connect(webrtc_.get(), "on-negotiation-needed", G_CALLBACK(OnNegotiation), this);
  if (voice.listens_only || voice.watches) {
    auto caps = GRef<GstCaps>::Adopt(gst_caps_from_string(
        voice.watches ? kVp8Caps
                      : "application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000,"
                        "encoding-params=(string)2,payload=111"));
    GObject* transceiver = nullptr;
    g_signal_emit_by_name(webrtc_.get(), "add-transceiver",
                          GST_WEBRTC_RTP_TRANSCEIVER_DIRECTION_RECVONLY, caps.get(), &transceiver);
    g_object_unref(transceiver);
  } else {
    GstElement* bin = gst_parse_bin_from_description(SourceOf(voice).c_str(), TRUE, nullptr);
    gst_bin_add(GST_BIN(pipeline_.get()), bin);
    gst_element_link(bin, webrtc_.get());
  }
  gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
}

CallPeer::~CallPeer() {
  g_signal_handlers_disconnect_by_data(webrtc_.get(), this);
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  auto bus = GRef<GstBus>::Adopt(gst_element_get_bus(pipeline_.get()));
  gst_bus_set_flushing(bus.get(), TRUE);
}

std::string CallPeer::offer() const {
  std::lock_guard<std::mutex> lock(mu_);
  return offer_;
}

void CallPeer::OnNegotiation(GstElement* webrtc, CallPeer*) { Describe(webrtc, "create-offer"); }

void CallPeer::Describe(GstElement* webrtc, const char* how) {
  GstPromise* promise = gst_promise_new_with_change_func(
      [](GstPromise* done, gpointer data) {
        auto owned = GRef<GstPromise>::Adopt(done);
        if (gst_promise_wait(done) != GST_PROMISE_RESULT_REPLIED) return;
        const GstStructure* reply = gst_promise_get_reply(done);
        GstWebRTCSessionDescription* ours = nullptr;
        gst_structure_get(reply, gst_structure_has_field(reply, "offer") ? "offer" : "answer",
                          GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &ours, nullptr);
        const DescriptionPtr description(ours);
        g_signal_emit_by_name(data, "set-local-description", ours, nullptr);
      },
      gst_object_ref(webrtc), gst_object_unref);
  g_signal_emit_by_name(webrtc, how, nullptr, promise);
}

void CallPeer::OnState(GstElement* webrtc, GParamSpec*, CallPeer* self) {
  GstWebRTCPeerConnectionState connection{};
  GstWebRTCICEGatheringState gathering{};
  GstWebRTCSessionDescription* raw = nullptr;
  g_object_get(webrtc, "connection-state", &connection, "ice-gathering-state", &gathering,
               "local-description", &raw, nullptr);
  const DescriptionPtr local(raw);
  if (connection == GST_WEBRTC_PEER_CONNECTION_STATE_CONNECTED) self->connected_ = true;
  if (!local || gathering != GST_WEBRTC_ICE_GATHERING_STATE_COMPLETE) return;
  gchar* text = gst_sdp_message_as_text(local->sdp);
  std::lock_guard<std::mutex> lock(self->mu_);
  if (self->offer_.empty()) self->offer_ = text;
  g_free(text);
}

void CallPeer::SetRemote(GstWebRTCSDPType type, const std::string& sdp, GstPromise* then) {
  GstSDPMessage* message = nullptr;
  gst_sdp_message_new_from_text(sdp.c_str(), &message);
  const DescriptionPtr theirs(gst_webrtc_session_description_new(type, message));
  g_signal_emit_by_name(webrtc_.get(), "set-remote-description", theirs.get(), then);
}

void CallPeer::TakeAnswer(const std::string& sdp) {
  SetRemote(GST_WEBRTC_SDP_TYPE_ANSWER, sdp, nullptr);
}

void CallPeer::TakeOffer(const std::string& sdp) {
  SetRemote(GST_WEBRTC_SDP_TYPE_OFFER, sdp,
            gst_promise_new_with_change_func(
                [](GstPromise* done, gpointer data) {
                  const auto owned = GRef<GstPromise>::Adopt(done);
                  Describe(GST_ELEMENT(data), "create-answer");
                },
                gst_object_ref(webrtc_.get()), gst_object_unref));
}

void CallPeer::Lose(int percent) {
  if (lose_percent_.exchange(percent) != 0) return;
  const auto rtpbin =
      GRef<GstElement>::Adopt(gst_bin_get_by_name(GST_BIN(webrtc_.get()), "rtpbin"));
  const auto pad =
      GRef<GstPad>::Adopt(gst_element_get_static_pad(rtpbin.get(), "recv_rtp_sink_0"));
  gst_pad_add_probe(
      pad.get(), GST_PAD_PROBE_TYPE_BUFFER,
      [](GstPad*, GstPadProbeInfo*, gpointer data) {
        auto* self = static_cast<CallPeer*>(data);
        self->lost_ += self->lose_percent_;
        if (self->lost_ < 100) return GST_PAD_PROBE_OK;
        self->lost_ -= 100;
        return GST_PAD_PROBE_DROP;
      },
      this, nullptr);
}

void CallPeer::Freeze() {
  auto valve = GRef<GstElement>::Adopt(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "valve"));
  g_object_set(valve.get(), "drop", TRUE, nullptr);
}

void CallPeer::Thaw() {
  const auto valve =
      GRef<GstElement>::Adopt(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "valve"));
  const auto pad = GRef<GstPad>::Adopt(gst_element_get_static_pad(valve.get(), "src"));
  sent_at_ = 0;
  gst_pad_add_probe(
      pad.get(), GST_PAD_PROBE_TYPE_BUFFER,
      [](GstPad*, GstPadProbeInfo*, gpointer data) {
        static_cast<CallPeer*>(data)->sent_at_ = g_get_monotonic_time();
        return GST_PAD_PROBE_REMOVE;
      },
      this, nullptr);
  g_object_set(valve.get(), "drop", FALSE, nullptr);
}

void CallPeer::Watch(GstPad* pad) {
  GstElement* bin = gst_parse_bin_from_description(
      "rtpvp8depay request-keyframe=true wait-for-keyframe=true ! vp8dec ! videoconvert ! "
      "capsfilter caps=video/x-raw,format=GRAY8 ! appsink name=sink sync=false async=false",
      TRUE, nullptr);
  auto sink = GRef<GstElement>::Adopt(gst_bin_get_by_name(GST_BIN(bin), "sink"));
  GstAppSinkCallbacks callbacks{};
  callbacks.new_sample = [](GstAppSink* from, gpointer data) {
    auto* peer = static_cast<CallPeer*>(data);
    auto sample = GRef<GstSample>::Adopt(gst_app_sink_pull_sample(from));
    if (!sample) return GST_FLOW_EOS;
    GstMapInfo map;
    GstBuffer* buffer = gst_sample_get_buffer(sample.get());
    gst_buffer_map(buffer, &map, GST_MAP_READ);
    peer->brightness_ = map.data[map.size / 2];
    gst_buffer_unmap(buffer, &map);
    ++peer->pictures_;
    return GST_FLOW_OK;
  };
  gst_app_sink_set_callbacks(GST_APP_SINK(sink.get()), &callbacks, this, nullptr);
  gst_bin_add(GST_BIN(pipeline_.get()), bin);
  gst_element_sync_state_with_parent(bin);
  auto to = GRef<GstPad>::Adopt(gst_element_get_static_pad(bin, "sink"));
  gst_pad_link(pad, to.get());
}

void CallPeer::OnPadAdded(GstElement*, GstPad* pad, CallPeer* self) {
  if (GST_PAD_DIRECTION(pad) != GST_PAD_SRC) return;
  const auto caps = GRef<GstCaps>::Adopt(gst_pad_get_current_caps(pad));
  const GstStructure* what = gst_caps_get_structure(caps.get(), 0);
  if (g_strcmp0(gst_structure_get_string(what, "media"), "video") == 0) return self->Watch(pad);
  GstElement* bin = gst_parse_bin_from_description(
      "rtpopusdepay ! opusdec ! capsfilter caps=audio/x-raw,format=S16LE,rate=24000,channels=1 ! "
      "appsink name=sink sync=false async=false",
      TRUE, nullptr);
  auto sink = GRef<GstElement>::Adopt(gst_bin_get_by_name(GST_BIN(bin), "sink"));
  GstAppSinkCallbacks callbacks{};
  callbacks.new_sample = [](GstAppSink* from, gpointer data) {
    auto* peer = static_cast<CallPeer*>(data);
    auto sample = GRef<GstSample>::Adopt(gst_app_sink_pull_sample(from));
    if (!sample) return GST_FLOW_EOS;
    if (peer->packets_++ == 0) peer->first_packet_at_ = g_get_monotonic_time();
    GstMapInfo map;
    GstBuffer* buffer = gst_sample_get_buffer(sample.get());
    gst_buffer_map(buffer, &map, GST_MAP_READ);
    const auto* samples = reinterpret_cast<const int16_t*>(map.data);
    if (std::any_of(samples, samples + map.size / 2, [](int16_t s) { return s > kLoud; })) {
      int64_t never = 0;
      peer->loud_at_.compare_exchange_strong(never, g_get_monotonic_time());
    }
    {
      std::lock_guard<std::mutex> lock(peer->mu_);
      peer->heard_.insert(peer->heard_.end(), samples, samples + map.size / 2);
      while (peer->heard_.size() > kHeardSamples) peer->heard_.pop_front();
    }
    gst_buffer_unmap(buffer, &map);
    return GST_FLOW_OK;
  };
  gst_app_sink_set_callbacks(GST_APP_SINK(sink.get()), &callbacks, self, nullptr);
  gst_bin_add(GST_BIN(self->pipeline_.get()), bin);
  gst_element_sync_state_with_parent(bin);
  auto to = GRef<GstPad>::Adopt(gst_element_get_static_pad(bin, "sink"));
  gst_pad_link(pad, to.get());
}

double CallPeer::Hears(double hertz) const {
  std::lock_guard<std::mutex> lock(mu_);
  if (heard_.size() < kHeardSamples) return 0;
  const std::vector<int16_t> samples(heard_.begin(), heard_.end());
  return ToneIn(samples.data(), samples.size(), hertz);
}

void CallPeer::ForgetHeard() {
  std::lock_guard<std::mutex> lock(mu_);
  heard_.clear();
  loud_at_ = 0;
}

}  // namespace atrium::media
